"""Fetches tasks: one long poll after another, for all topics at once, as many as there is room for."""

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

# while the engine is away: it takes half a minute to start, and much waits for it then
MAX_BACKOFF_S = 5.0
MIN_BACKOFF_S = 0.2
STOP_AGAIN_AFTER_S = 0.5


class Poller:
    """Fetches until it is stopped.

    Args:
        topics: the names of the variables to fetch, by topic; None is all.
        register: LockKeeper.register.

    Attributes:
        turned_at: when the loop was last seen turning, or its pause ends, by time.monotonic().
    """

    def __init__(
        self,
        client: TaskClient,
        topics: dict[str, list[str] | None],
        slots: HandlerPool,
        register: Callable[[Task], bool],
        wake_up: WakeUp,
        metrics: Metrics,
    ):
        self._client = client
        self._topics = topics
        self._slots = slots
        self._register = register
        self._wake_up = wake_up
        self._metrics = metrics
        self._stopping = threading.Event()
        self._left = threading.Event()
        self._left.set()
        self._last_was_full = False
        self._outage = Outage("tasks from the engine", log, MIN_BACKOFF_S)
        self.turned_at = time.monotonic()

    def run(self) -> None:
        """Take back what a predecessor of this name held, then fetch until stop() is called."""
        self._left.clear()
        failures, taken_back = 0, False
        try:
            while not self._stopping.is_set():
                self.turned_at = time.monotonic()
                try:
                    if not taken_back:
                        self._take_back()
                        taken_back = True
                    self._turn(failures)
                    self._outage.recovered()
                    failures = 0
                except EngineError as error:
                    if not self._stopping.is_set():
                        failures += 1
                        self._back_off(error)
        finally:
            self._left.set()

    def stop(self) -> None:
        """Fetch no more; returns when run() fetches no more and no poll is left behind."""
        self._stopping.set()
        # a poll that was just about to begin comes after the one that ends it
        while not self._left.is_set():
            try:
                self._client.end_poll()
            except EngineError as error:
                log.warning("the last poll could not be ended: %s", error)
            self._left.wait(STOP_AGAIN_AFTER_S)

    def _turn(self, failures: int) -> None:
        room = self._slots.wait_for_capacity(1.0)
        if room and not self._stopping.is_set():
            # after failures fewer: the engine may not manage to answer with all the variables of as many tasks
            tasks = self._poll(replace(room, tasks=max(1, room.tasks >> failures)))
            for task in tasks:
                self._metrics.fetched.labels(task.topic).inc()
            self._slots.add([task for task in tasks if self._register(task)])

    def _poll(self, room: Capacity) -> list[Task]:
        topics = {name: variables for name, variables in self._topics.items() if name not in room.without}
        # without some topics, this poll can't fill a slot that becomes free meanwhile
        self._slots.on_slot_released = self._wake_up.now if room.without else None
        begun = time.monotonic()
        self._wake_up.poll_begins()
        error = None
        try:
            with self._metrics.poll.time():
                fetched = self._client.fetch(topics, room.tasks)
        except EngineError as failed:
            error, fetched = failed, []
        if not self._wake_up.poll_ends() and error:
            raise error
        self._note_duration(time.monotonic() - begun, len(fetched) == room.tasks)
        return [Task(raw, begun) for raw in fetched]

    def _note_duration(self, took_s: float, full: bool) -> None:
        """A full fetch after a full one had nothing to wait for: so long takes a fetch by itself."""
        if full and self._last_was_full:
            self._slots.fetch_duration_s = 0.3 * took_s + 0.7 * (self._slots.fetch_duration_s or took_s)
        self._last_was_full = full

    def _take_back(self) -> None:
        """A process of this name that was killed has left a poll, and tasks that are locked for it."""
        self._client.end_poll()
        taken_back = sum(map(self._is_taken_back, self._client.held()))
        if taken_back:
            log.info("taken back what was held before: %d tasks", taken_back)

    def _is_taken_back(self, raw: dict[str, Any]) -> bool:
        """Unlock a task; one that the engine refuses to unlock stays locked, and holds up no other."""
        try:
            if self._waits_for_next_try(raw):
                return False
            self._client.unlock(raw["id"])
        except EngineRefused as error:
            log.warning("not taken back: its lock will run out", extra={"task": raw["id"], "error": str(error)})
            return False
        return True

    def _waits_for_next_try(self, raw: dict[str, Any]) -> bool:
        """The engine keeps the pause after a failure as if it were a lock."""
        if not raw.get("errorMessage"):
            return False
        due = self._client.error_details(raw["id"]).removeprefix(RETRY_DUE)
        try:
            away = datetime.strptime(raw["lockExpirationTime"], ENGINE_TIME) - datetime.fromisoformat(due)
        except (TypeError, ValueError):
            return False
        return abs(away.total_seconds()) < 1

    def _back_off(self, error: EngineError) -> None:
        """Pause after a failure: until the engine is back, or, if it refuses our password, until that is corrected."""
        self._metrics.call_errors.labels("fetch").inc()
        pause_s = self._outage.failed(error)
        if not isinstance(error, CredentialsRefused):
            pause_s = min(pause_s, MAX_BACKOFF_S)
        if isinstance(error, EngineUnavailable):
            pause_s = max(pause_s, error.retry_after_s)
        # a loop that pauses turns: restarting the process wouldn't help
        self.turned_at = time.monotonic() + pause_s
        self._stopping.wait(pause_s)
