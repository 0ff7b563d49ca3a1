"""Keeps the locks of the tasks that this process holds: waiting for a slot, running, or on their way to the engine."""

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

# those that ended while a fetch can be under way
GONE_REMEMBERED = 200


class Locks:
    """The tasks in hand; each lock is renewed at half of its time.

    Args:
        threads: what renewing runs on.
    """

    def __init__(self, client: TaskClient, threads: Threads, metrics: Metrics):
        self._client = client
        self._threads = threads
        self._metrics = metrics
        self._held: dict[str, Task] = {}
        self._gone: deque[str] = deque(maxlen=GONE_REMEMBERED)
        self._guard = threading.Lock()

    def hold(self, task: Task) -> bool:
        """Take charge of a fetched task.

        Returns False for one that is in hand already: its lock ran out while the engine was away, and this process
        itself has fetched it again. Its lock is fresh now, and it isn't begun a second time. Or its failure has just
        reached the engine, and its next try was quicker than the answer: that begins when this delivery has ended.
        """
        with self._guard:
            if task.id in self._gone:
                # fetched again just before its report was taken
                return False
            known = self._held.get(task.id)
            if known and not known.lost:
                known.locked_at = task.locked_at
                known.again = task if known.reporting else None
                return False
            self._held[task.id] = task
            return True

    def let_go(self, task: Task, gone: bool = False) -> None:
        """Take charge of it no longer; `gone` if the engine doesn't have it any more either."""
        with self._guard:
            if gone:
                self._gone.append(task.id)
            if self._held.get(task.id) is task:
                del self._held[task.id]

    def in_hand(self) -> list[Task]:
        with self._guard:
            return list(self._held.values())

    def keep(self, stopped: threading.Event) -> None:
        """Renew locks until stopped."""
        while not stopped.wait(self._client.lock_s / 20):
            half_time = time.monotonic() - self._client.lock_s / 2
            for task in self.in_hand():
                if task.locked_at < half_time and not task.lost:
                    self._threads.submit(self._renew, task, task.locked_at)

    def _renew(self, task: Task, known_at: float) -> None:
        # a report that is on its way would be thwarted by the renewal, and be repeated
        if task.locked_at != known_at or task.lost or task.reporting:
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
        if is_lost and task in self.in_hand():
            task.lose()
            self.let_go(task)
            self._metrics.lost_locks.labels(task.topic).inc()
            log.warning("lock lost, its result won't be sent", extra={**task.labels, "error": str(error)})
