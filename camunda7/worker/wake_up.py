"""Ends a long poll when a task becomes due by time: the engine wakes polls for new and unlocked tasks only.

A task whose retry is due, or whose lock has expired after its worker died, would wait for the end of the poll.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from datetime import UTC, datetime

from camunda7.engine import EngineError
from camunda7.worker.client import TaskClient

log = logging.getLogger("workers")

# after this time a poll has found no task, and the next lock expiration is queried
LOOK_AHEAD_AFTER_S = 0.5
# minimum time to a wake-up, in case this host's clock and the engine's differ
MIN_INTERVAL_S = 0.2


class WakeUp:
    """Tracks the current poll, and ends it when a task is due."""

    def __init__(self, client: TaskClient):
        self._client = client
        self._due_times: list[float] = []
        self._poll_started_at: float | None = None
        self._has_looked_ahead = False
        self._ended = False
        self._changed = threading.Condition()

    def due_in(self, seconds: float) -> None:
        """Register that a task is due after this time."""
        with self._changed:
            heapq.heappush(self._due_times, time.monotonic() + seconds)
            self._changed.notify()

    def now(self) -> None:
        """End the current poll, if there is one."""
        self.due_in(0)

    def poll_begins(self) -> None:
        with self._changed:
            now = time.monotonic()
            # the new poll finds tasks that are already due
            while self._due_times and self._due_times[0] <= now:
                heapq.heappop(self._due_times)
            self._poll_started_at, self._has_looked_ahead, self._ended = now, False, False
            self._changed.notify()

    def poll_ends(self) -> bool:
        """Register the end of the poll; returns whether it was ended from here."""
        with self._changed:
            self._poll_started_at = None
            return self._ended

    def run(self, stopped: threading.Event) -> None:
        """Watch until stopped."""
        while not stopped.is_set():
            with self._changed:
                self._changed.wait(self._pause_s())
                is_due, should_look_ahead = self._is_due(), self._should_look_ahead()
            try:
                if is_due:
                    self._client.end_poll()
                elif should_look_ahead:
                    self._look_ahead()
            except EngineError as error:
                log.debug("the poll couldn't be ended: %s", error)

    def _pause_s(self) -> float:
        if self._poll_started_at is None:
            return 1.0
        moments = [time.monotonic() + 1.0, *self._due_times[:1]]
        if not self._has_looked_ahead:
            moments.append(self._poll_started_at + LOOK_AHEAD_AFTER_S)
        return max(0.0, min(moments) - time.monotonic())

    def _is_due(self) -> bool:
        """Whether to end the poll for a due task; True once for each."""
        if self._poll_started_at is None or not self._due_times or self._due_times[0] > time.monotonic():
            return False
        heapq.heappop(self._due_times)
        self._ended = True
        return True

    def _should_look_ahead(self) -> bool:
        if self._poll_started_at is None or self._has_looked_ahead:
            return False
        self._has_looked_ahead = time.monotonic() >= self._poll_started_at + LOOK_AHEAD_AFTER_S
        return self._has_looked_ahead

    def _look_ahead(self) -> None:
        due = self._client.next_lock_expiration()
        if due:
            self.due_in(max(MIN_INTERVAL_S, (due - datetime.now(UTC)).total_seconds()))
