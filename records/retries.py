"""When a failed attempt is repeated, and when that ends: exponential backoff, counted by row."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

# so that rows which failed together don't return together; never less than the nominal pause, which a greylist measures
JITTER = (1.0, 1.2)
MAX_DOUBLINGS = 30


@dataclass(frozen=True)
class RetrySchedule:
    """Pauses between attempts: `first`, doubled after each failure, `longest` at most.

    Attributes:
        give_up_after: how long attempts go on; None is without end.
    """

    first: timedelta
    longest: timedelta
    give_up_after: timedelta | None = None

    def pause(self, attempts: int) -> timedelta:
        """How long to wait after this many failed attempts."""
        return self._nominal_pause(attempts) * random.uniform(*JITTER)

    def is_exhausted(self, attempts: int) -> bool:
        """Whether the attempt after this many failed ones would come later than `give_up_after`."""
        if self.give_up_after is None:
            return False
        pauses = (self._nominal_pause(number) for number in range(1, attempts + 1))
        return sum(pauses, timedelta()) >= self.give_up_after

    def _nominal_pause(self, attempts: int) -> timedelta:
        return min(self.longest, self.first * 2 ** min(max(attempts, 1) - 1, MAX_DOUBLINGS))
