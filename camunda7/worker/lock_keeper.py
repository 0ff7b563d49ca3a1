"""Lock renewal of fetched tasks, until their reports are delivered."""

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

# number of ids of ended tasks that are remembered, because a concurrent fetch may still return them
MAX_DELETED = 200


class LockKeeper:
    """Registry of the process's fetched tasks; renews each lock after half of its duration.

    Args:
        threads: for the calls that renew locks.
    """

    def __init__(self, client: TaskClient, threads: Threads, metrics: Metrics):
        self._client = client
        self._threads = threads
        self._metrics = metrics
        self._tasks: dict[str, Task] = {}
        self._deleted: deque[str] = deque(maxlen=MAX_DELETED)
        self._guard = threading.Lock()

    def register(self, task: Task) -> bool:
        """Register a fetched task, so that its lock is renewed.

        Returns False if it is registered already: its lock expired while the engine was unavailable, and this process
        has fetched it a second time, so its handler must not run again. Or the engine has just received its failure,
        and the retry was fetched before the response arrived: it runs when this delivery has ended.
        """
        with self._guard:
            if task.id in self._deleted:
                # fetched a second time just before the engine accepted its report
                return False
            known = self._tasks.get(task.id)
            if known and known.note_delivery(task):
                return False
            self._tasks[task.id] = task
            return True

    def unregister(self, task: Task, is_deleted: bool = False) -> None:
        """Stop renewing a task's lock; `is_deleted` if the engine has deleted the task."""
        with self._guard:
            if is_deleted:
                self._deleted.append(task.id)
            if self._tasks.get(task.id) is task:
                del self._tasks[task.id]

    def held_tasks(self) -> list[Task]:
        with self._guard:
            return list(self._tasks.values())

    def run(self, stopped: threading.Event) -> None:
        """Renew locks until stopped."""
        while not stopped.wait(self._client.lock_s / 20):
            half_time = time.monotonic() - self._client.lock_s / 2
            for task in self.held_tasks():
                if task.locked_at < half_time:
                    self._threads.submit(self._renew, task, task.locked_at)

    def _renew(self, task: Task, locked_at: float) -> None:
        if task.locked_at != locked_at or not task.may_extend_lock:
            return
        started = time.monotonic()
        try:
            self._client.renew_lock(task.id)
            task.locked_at = started
        except EngineRefused as error:
            self._handle_refusal(task, error)
        except EngineError as error:
            log.debug("lock not renewed yet", extra={**task.labels, "error": str(error)})

    def _handle_refusal(self, task: Task, error: EngineRefused) -> None:
        """Query whether the task is lost, or only the renewal was refused."""
        try:
            is_lost = not self._client.holds(task.id)
        except EngineError:
            is_lost = False
        if is_lost and task.lose():
            self.unregister(task)
            self._metrics.lost_locks.labels(task.topic).inc()
            log.warning("lock lost, its result won't be sent", extra={**task.labels, "error": str(error)})
