"""How long somebody who begins to wait now is going to: between two times that hold for 8 of 10.

The times are quantiles of what the latest waits took, as people are told them: in whole minutes, hours or days. Where a
queue grows or shrinks they come too late. So the latest waits are gone through as they happened, and whenever too few,
or too many, lay between the times that were told then, the quantiles are moved apart, or together (adaptive conformal
inference: Gibbs and Candès 2021, https://arxiv.org/abs/2106.00170).
"""

from __future__ import annotations

import heapq
import math
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from kpi.rows import CaseRow
from records.database import database

# from when until when patients wait: columns of a row
VISIT = ("evaluation_requested_at", "sample_taken_at")
RESULT = ("sample_taken_at", "result_told_at")
REPORT = ("result_told_at", "report_published_at")

HOLDS_FOR = 0.8
# told from so many of the latest, and from that many at least; of so many it is looked what had been told
LATEST, LEAST, LOOKED_AT = 50, 5, 1000
# so many seconds, told up to so many of them
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400
UNITS = ((MINUTE_S, 90), (HOUR_S, 48), (DAY_S, math.inf))
# how long what is told is kept, in seconds
HOLDS_S = 60
# how much the quantiles are moved after each wait
STEP = 0.05


@dataclass(frozen=True)
class Between:
    """Two times, in seconds."""

    low_s: float
    high_s: float

    def holds(self, wait_s: float) -> bool:
        return self.low_s <= wait_s <= self.high_s


@dataclass
class Expectation:
    """What is told at a moment, from the waits that had ended until then."""

    latest: deque[float] = field(default_factory=lambda: deque(maxlen=LATEST))
    outside: float = 1 - HOLDS_FOR

    def told(self) -> Between | None:
        """None while there are too few."""
        if len(self.latest) < LEAST:
            return None
        waits = sorted(self.latest)
        share = max(self.outside, 0) / 2
        # beyond the longest and shortest, where even they are too near
        apart = 1 + max(-self.outside, 0)
        return Between(as_told(_quantile(waits, share) / apart), as_told(_quantile(waits, 1 - share) * apart))

    def ended(self, wait_s: float, told: Between | None) -> None:
        """A wait has ended, of which this had been told."""
        if told is not None:
            is_outside = not told.holds(wait_s)
            self.outside = min(self.outside + STEP * (1 - HOLDS_FOR - is_outside), 0.9)
        self.latest.append(wait_s)


def in_units(seconds: float) -> tuple[int, int]:
    """How many minutes, hours where those are many, or days, and how many seconds each has."""
    return next((round(seconds / unit), unit) for unit, most in UNITS if round(seconds / unit) <= most)


def as_told(seconds: float) -> float:
    """Rounded to these."""
    count, unit = in_units(seconds)
    return count * unit


def expected(stage: tuple[str, str]) -> Between | None:
    """What is told of a stage to whoever comes to it now; None while too few have been through. It holds for a minute:
    many look at their pages in a rush."""
    return _expected(stage, database.obj, int(time.monotonic() / HOLDS_S))


@lru_cache(maxsize=16)
def _expected(stage: tuple[str, str], _: object, __: int) -> Between | None:
    start, end = (getattr(CaseRow, name) for name in stage)
    query = CaseRow.select_real(start, end).where(start.is_null(False), end.is_null(False)).order_by(end.desc())
    with database.connection_context():
        rows = list(query.limit(LOOKED_AT).tuples())
    return after((datetime.fromisoformat(begun), datetime.fromisoformat(ended)) for begun, ended in rows)


def after(waits: Iterable[tuple[datetime, datetime]]) -> Between | None:
    """What is told after these waits, from when until when each was."""
    return gone_through(waits)[0].told()


def gone_through(waits: Iterable[tuple[datetime, datetime]]) -> tuple[Expectation, list[bool]]:
    """Go through some waits as they happened: what is expected then, and for each of which anything had been told
    whether it held."""
    expectation, held = Expectation(), []
    going_on: list[tuple[datetime, int, datetime, Between | None]] = []

    def end(until: datetime) -> None:
        while going_on and going_on[0][0] <= until:
            ended, _, begun, told = heapq.heappop(going_on)
            wait_s = (ended - begun).total_seconds()
            if told is not None:
                held.append(told.holds(wait_s))
            expectation.ended(wait_s, told)

    for number, (begun, ended) in enumerate(sorted(waits)):
        end(begun)
        heapq.heappush(going_on, (ended, number, begun, expectation.told()))
    end(datetime.max.replace(tzinfo=UTC))
    return expectation, held


def _quantile(ordered: list[float], share: float) -> float:
    position = share * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)
