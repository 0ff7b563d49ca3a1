"""Scheduler of delayed calls."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable

from camunda7.worker.threads import call_safely


class Clock:
    """One thread that calls functions at their times; they must not block."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="clock", daemon=True).start()

    def call_at(self, moment: float, function: Callable[[], None]) -> None:
        """Schedule a call at a time of time.monotonic()."""
        with self._changed:
            heapq.heappush(self._due, (moment, next(self._numbers), function))
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > time.monotonic():
                    self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
                function = heapq.heappop(self._due)[2]
            call_safely(function)
