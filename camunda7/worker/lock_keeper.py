"""Renews the locks of the tasks that this process has fetched, until the engine has the report of each."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque

from camunda7.engine import EngineError, EngineRefused
from camunda7.worker.client import TaskClient
from camunda7.worker.metrics import Metrics
from camunda7.worker.tasks import Task
from camunda7.worker.threads import Threads

log = logging.getLogger("workers")

# ids of tasks that ended while a fetch may be in flight
MAX_DELETED = 200


class LockKeeper:
    """The fetched tasks of this process; each lock is renewed at half of its duration.

    Args:
        threads: what renewing runs on.
    """

    def __init__(self, client: TaskClient, threads: Threads, metrics: Metrics):
        self._client = client
        self._threads = threads
        self._metrics = metrics
        self._tasks: dict[str, Task] = {}
        self._gone: deque[str] = deque(maxlen=MAX_DELETED)
        self._guard = threading.Lock()

    def register(self, task: Task) -> bool:
        """Register a fetched task, so that its lock is renewed.

        Returns False for one that is registered already: its lock expired while the engine was away, and this process
        has fetched it again, so its handler must not run a second time. Or its failure has just reached the engine,
        and the retry was fetched before the answer arrived: it runs when this delivery has ended.
        """
        with self._guard:
            if task.id in self._gone:
                # fetched again just before its report was taken
                return False
            known = self._tasks.get(task.id)
            if known and known.note_delivery(task):
                return False
            self._tasks[task.id] = task
            return True

    def unregister(self, task: Task, gone: bool = False) -> None:
        """Stop renewing a task's lock; `gone` if the engine has deleted the task."""
        with self._guard:
            if gone:
                self._gone.append(task.id)
            if self._tasks.get(task.id) is task:
                del self._tasks[task.id]

    def held_tasks(self) -> list[Task]:
        with self._guard:
            return list(self._tasks.values())

    def keep(self, stopped: threading.Event) -> None:
        """Renew locks until stopped."""
        while not stopped.wait(self._client.lock_s / 20):
            half_time = time.monotonic() - self._client.lock_s / 2
            for task in self.held_tasks():
                if task.locked_at < half_time:
                    self._threads.submit(self._renew, task, task.locked_at)

    def _renew(self, task: Task, known_at: float) -> None:
        if task.locked_at != known_at or not task.may_extend_lock:
            return
        begun = time.monotonic()
        try:
            self._client.renew_lock(task.id)
            task.locked_at = begun
        except EngineRefused as error:
            self._refused(task, error)
        except EngineError as error:
            log.debug("lock not renewed yet", extra={**task.labels, "error": str(error)})

    def _refused(self, task: Task, error: EngineRefused) -> None:
        """The task may be lost, or only its renewal be refused: the engine is asked which."""
        try:
            is_lost = not self._client.holds(task.id)
        except EngineError:
            is_lost = False
        if is_lost and task.lose():
            self.unregister(task)
            self._metrics.lost_locks.labels(task.topic).inc()
            log.warning("lock lost, its result won't be sent", extra={**task.labels, "error": str(error)})
