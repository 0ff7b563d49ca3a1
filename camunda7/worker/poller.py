"""Fetch loop: one long poll after another for all topics, for as many tasks as there is capacity."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from camunda7.engine import EngineError, EngineRefused, EngineUnavailable
from camunda7.outages import CredentialsRefused, Outage
from camunda7.variables import ENGINE_TIME
from camunda7.worker.client import TaskClient
from camunda7.worker.handler_pool import Capacity, HandlerPool
from camunda7.worker.metrics import Metrics
from camunda7.worker.outcomes import RETRY_DUE
from camunda7.worker.tasks import Task
from camunda7.worker.wake_up import WakeUp

log = logging.getLogger("workers")

# back-off while the engine is unavailable; short, because tasks have queued up when it is back
MAX_BACKOFF_S = 5.0
MIN_BACKOFF_S = 0.2
STOP_RETRY_S = 0.5


class Poller:
    """Fetches tasks until it is stopped.

    Args:
        topics: for each topic the names of the variables to fetch; None fetches all variables.
        register: LockKeeper.register.

    Attributes:
        last_turn_at: start of the loop's last iteration, by time.monotonic(); during a back-off its end, in the future.
    """

    def __init__(
        self,
        client: TaskClient,
        topics: dict[str, list[str] | None],
        pool: HandlerPool,
        register: Callable[[Task], bool],
        wake_up: WakeUp,
        metrics: Metrics,
    ):
        self._client = client
        self._topics = topics
        self._pool = pool
        self._register = register
        self._wake_up = wake_up
        self._metrics = metrics
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._ended.set()
        self._last_was_full = False
        self._outage = Outage("tasks from the engine", log, MIN_BACKOFF_S)
        self.last_turn_at = time.monotonic()

    def run(self) -> None:
        """Unlock the tasks of a killed process with the same worker id, then fetch until stop() is called."""
        self._ended.clear()
        failures, has_unlocked = 0, False
        try:
            while not self._stopping.is_set():
                self.last_turn_at = time.monotonic()
                try:
                    if not has_unlocked:
                        self._unlock_previous_tasks()
                        has_unlocked = True
                    self._poll_once(failures)
                    self._outage.record_success()
                    failures = 0
                except EngineError as error:
                    if not self._stopping.is_set():
                        failures += 1
                        self._back_off(error)
        finally:
            self._ended.set()

    def stop(self) -> None:
        """Stop fetching; returns when the loop and its poll have ended."""
        self._stopping.set()
        # repeated, because a poll may have started after the call that should have ended it
        while not self._ended.is_set():
            try:
                self._client.end_poll()
            except EngineError as error:
                log.warning("the last poll couldn't be ended: %s", error)
            self._ended.wait(STOP_RETRY_S)

    def _poll_once(self, failures: int) -> None:
        capacity = self._pool.wait_for_capacity(1.0)
        if capacity and not self._stopping.is_set():
            # fewer after failures, which may be caused by the size of the response with all variables
            tasks = self._poll(replace(capacity, tasks=max(1, capacity.tasks >> failures)))
            for task in tasks:
                self._metrics.fetched.labels(task.topic).inc()
            self._pool.add([task for task in tasks if self._register(task)])

    def _poll(self, capacity: Capacity) -> list[Task]:
        topics = {name: each for name, each in self._topics.items() if name not in capacity.excluded_topics}
        # a poll that excludes topics must end when a slot is released: tasks of the excluded topics may take it
        self._pool.on_slot_released = self._wake_up.now if capacity.excluded_topics else None
        started = time.monotonic()
        self._wake_up.poll_begins()
        error = None
        try:
            with self._metrics.poll.time():
                fetched = self._client.fetch(topics, capacity.tasks)
        except EngineError as failed:
            error, fetched = failed, []
        # the wake-up ends a poll by replacing it, which the engine answers by an error
        if not self._wake_up.poll_ends() and error:
            raise error
        self._record_duration(time.monotonic() - started, len(fetched) == capacity.tasks)
        return [Task(raw, started) for raw in fetched]

    def _record_duration(self, duration_s: float, is_full: bool) -> None:
        """Update the moving average of a fetch's duration.

        Only a full fetch that follows a full one counts: with tasks queued in the engine it didn't wait.
        """
        if is_full and self._last_was_full:
            self._pool.fetch_duration_s = 0.3 * duration_s + 0.7 * (self._pool.fetch_duration_s or duration_s)
        self._last_was_full = is_full

    def _unlock_previous_tasks(self) -> None:
        """End the poll, and unlock the tasks of a killed process with the same worker id."""
        self._client.end_poll()
        count = sum(map(self._unlock, self._client.list_locked_tasks()))
        if count:
            log.info("unlocked %d tasks of a previous process", count)

    def _unlock(self, raw: dict[str, Any]) -> bool:
        """Unlock a task, unless it waits for a retry; returns False if it stays locked."""
        try:
            if self._is_waiting_for_retry(raw):
                return False
            self._client.unlock(raw["id"])
        except EngineRefused as error:
            log.warning("not unlocked, its lock will expire", extra={"task": raw["id"], "error": str(error)})
            return False
        return True

    def _is_waiting_for_retry(self, raw: dict[str, Any]) -> bool:
        """Whether the lock is the pause after a failure, which the engine stores as a lock expiration."""
        if not raw.get("errorMessage"):
            return False
        due = self._client.error_details(raw["id"]).removeprefix(RETRY_DUE)
        try:
            difference = datetime.strptime(raw["lockExpirationTime"], ENGINE_TIME) - datetime.fromisoformat(due)
        except (TypeError, ValueError):
            return False
        return abs(difference.total_seconds()) < 1

    def _back_off(self, error: EngineError) -> None:
        """Pause after a failure; longer if the engine refuses the password, which only an operator can correct."""
        self._metrics.call_errors.labels("fetch").inc()
        pause_s = self._outage.record_failure(error)
        if not isinstance(error, CredentialsRefused):
            pause_s = min(pause_s, MAX_BACKOFF_S)
        if isinstance(error, EngineUnavailable):
            pause_s = max(pause_s, error.retry_after_s)
        # a pausing loop counts as healthy: restarting the process wouldn't help
        self.last_turn_at = time.monotonic() + pause_s
        self._stopping.wait(pause_s)
