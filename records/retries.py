"""Retry schedule of a queue's rows: exponential backoff."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

# spreads rows that failed together; never below the nominal pause, which is the minimum of greylisting servers
JITTER = (1.0, 1.2)
MAX_DOUBLINGS = 30


@dataclass(frozen=True)
class RetrySchedule:
    """Pauses between attempts: `first`, doubled after each failure, `longest` at most.

    Attributes:
        give_up_after: duration after which attempts end; None is without end.
    """

    first: timedelta
    longest: timedelta
    give_up_after: timedelta | None = None

    def pause(self, attempts: int) -> timedelta:
        """Return the pause after this number of failed attempts, with jitter."""
        return self._nominal_pause(attempts) * random.uniform(*JITTER)

    def is_exhausted(self, attempts: int) -> bool:
        """Whether the attempt after this number of failed ones would be later than `give_up_after`."""
        if self.give_up_after is None:
            return False
        pauses = (self._nominal_pause(number) for number in range(1, attempts + 1))
        return sum(pauses, timedelta()) >= self.give_up_after

    def _nominal_pause(self, attempts: int) -> timedelta:
        return min(self.longest, self.first * 2 ** min(max(attempts, 1) - 1, MAX_DOUBLINGS))
