"""The calendar of a discrete-event simulation: what happens at which simulated time."""

from __future__ import annotations

import heapq
from collections.abc import Callable

Action = Callable[[], None]


class Calendar:
    """Actions by their simulated time, in milliseconds since the epoch; those of the same time in their order."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self._entries: list[tuple[int, int, Action]] = []
        self._number = 0

    def add(self, when_ms: int, action: Action) -> None:
        """Add an action; one in the past happens now."""
        self._number += 1
        heapq.heappush(self._entries, (max(when_ms, self.now_ms), self._number, action))

    def advance(self, end_ms: int) -> bool:
        """Carry out the next action; returns False if there is none before the end."""
        if not self._entries or self._entries[0][0] >= end_ms:
            return False
        self.now_ms, _, action = heapq.heappop(self._entries)
        action()
        return True
