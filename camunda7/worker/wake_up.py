"""Ends a poll that waits when there is something for it: the engine wakes polls for new and unlocked tasks only.

A task whose next try falls due, or whose lock runs out with a worker that died, would wait for the end of the poll.
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

# a poll that lasts so long finds nothing now: time to ask when that changes
LOOKS_AHEAD_AFTER_S = 0.5
# between two wake-ups, should this host's clock and the engine's differ
AT_LEAST_S = 0.2


class WakeUp:
    """Follows one poll after another."""

    def __init__(self, client: TaskClient):
        self._client = client
        self._dues: list[float] = []
        self._polls_since: float | None = None
        self._looked_ahead = False
        self._ended = False
        self._changed = threading.Condition()

    def due_in(self, seconds: float) -> None:
        """A task can be fetched again after this time."""
        with self._changed:
            heapq.heappush(self._dues, time.monotonic() + seconds)
            self._changed.notify()

    def now(self) -> None:
        """The poll that waits now, if one does, asks for too little."""
        self.due_in(0)

    def poll_begins(self) -> None:
        with self._changed:
            now = time.monotonic()
            # this very poll finds those that were due
            while self._dues and self._dues[0] <= now:
                heapq.heappop(self._dues)
            self._polls_since, self._looked_ahead, self._ended = now, False, False
            self._changed.notify()

    def poll_ends(self) -> bool:
        """Whether the poll was ended from here."""
        with self._changed:
            self._polls_since = None
            return self._ended

    def run(self, stopped: threading.Event) -> None:
        """Watch until stopped."""
        while not stopped.is_set():
            with self._changed:
                self._changed.wait(self._pause_s())
                ends, looks = self._is_due(), self._is_time_to_look()
            try:
                if ends:
                    self._client.end_poll()
                elif looks:
                    self._look_ahead()
            except EngineError as error:
                log.debug("the poll that waits was not ended: %s", error)

    def _pause_s(self) -> float:
        if self._polls_since is None:
            return 1.0
        moments = [time.monotonic() + 1.0, *self._dues[:1]]
        if not self._looked_ahead:
            moments.append(self._polls_since + LOOKS_AHEAD_AFTER_S)
        return max(0.0, min(moments) - time.monotonic())

    def _is_due(self) -> bool:
        """Once for each due task."""
        if self._polls_since is None or not self._dues or self._dues[0] > time.monotonic():
            return False
        heapq.heappop(self._dues)
        self._ended = True
        return True

    def _is_time_to_look(self) -> bool:
        if self._polls_since is None or self._looked_ahead:
            return False
        self._looked_ahead = time.monotonic() >= self._polls_since + LOOKS_AHEAD_AFTER_S
        return self._looked_ahead

    def _look_ahead(self) -> None:
        due = self._client.next_due()
        if due:
            self.due_in(max(AT_LEAST_S, (due - datetime.now(UTC)).total_seconds()))
