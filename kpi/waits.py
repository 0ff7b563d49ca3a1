"""Forecast of a wait that begins now: a range that covers 8 of 10 waits.

Its ends are quantiles of the latest waits, rounded for people: to whole minutes, hours or days. While a queue grows or
shrinks, quantiles lag behind. So the latest waits are simulated in the order in which they happened, and whenever too
few or too many lay within the range of that time, the quantiles are moved apart or together (adaptive conformal
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
from typing import Any

from kpi.rows import CaseRow
from records.database import database

# begin and end of each wait: columns of CaseRow
VISIT = ("evaluation_requested_at", "sample_taken_at")
RESULT = ("sample_taken_at", "result_told_at")
REPORT = ("result_told_at", "report_published_at")

COVERAGE = 0.8
# waits that a forecast uses, fewest that it needs, and most that the simulation reads
WINDOW, MIN_WAITS, MAX_WAITS = 50, 5, 1000
# unit in seconds, and the largest number of it that people are shown
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400
UNITS = ((MINUTE_S, 90), (HOUR_S, 48), (DAY_S, math.inf))
# many patients read their pages at once in a rush
CACHE_TTL_S = 60
# by which the quantiles are moved after each wait
STEP = 0.05


@dataclass(frozen=True)
class WaitRange:
    """A range of durations, in seconds, ends included."""

    low_s: float
    high_s: float

    def contains(self, wait_s: float) -> bool:
        return self.low_s <= wait_s <= self.high_s


@dataclass
class WaitForecast:
    """The forecast at one moment, from the waits that had ended until then."""

    latest: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))
    outside: float = 1 - COVERAGE

    def forecast(self) -> WaitRange | None:
        """The range for a wait that begins now; None after fewer than MIN_WAITS waits."""
        if len(self.latest) < MIN_WAITS:
            return None
        waits = sorted(self.latest)
        share = max(self.outside, 0) / 2
        # beyond the longest and shortest, where even they are too near
        apart = 1 + max(-self.outside, 0)
        return WaitRange(
            round_for_people(_quantile(waits, share) / apart), round_for_people(_quantile(waits, 1 - share) * apart)
        )

    def observe(self, wait_s: float, forecast: WaitRange | None) -> None:
        """Learn from a wait that has ended.

        Args:
            forecast: the range when the wait began.
        """
        if forecast is not None:
            is_outside = not forecast.contains(wait_s)
            self.outside = min(self.outside + STEP * (1 - COVERAGE - is_outside), 0.9)
        self.latest.append(wait_s)


def in_units(seconds: float) -> tuple[int, int]:
    """A duration in minutes, hours or days: the number, and the unit in seconds."""
    return next((round(seconds / unit), unit) for unit, most in UNITS if round(seconds / unit) <= most)


def round_for_people(seconds: float) -> float:
    """Round a duration, in seconds, to the unit that people are shown."""
    count, unit = in_units(seconds)
    return count * unit


def expected(stage: tuple[str, str]) -> WaitRange | None:
    """The forecast for a patient who begins to wait in this stage; None after too few waits. Cached for CACHE_TTL_S."""
    return _expected(stage, database.obj, int(time.monotonic() / CACHE_TTL_S))


@lru_cache(maxsize=16)
def _expected(stage: tuple[str, str], _: object, __: int) -> WaitRange | None:
    start, end = (getattr(CaseRow, name) for name in stage)
    query = CaseRow.select_real(start, end).where(start.is_null(False), end.is_null(False)).order_by(end.desc())
    with database.connection_context():
        rows: list[Any] = list(query.limit(MAX_WAITS).tuples())
    return after((datetime.fromisoformat(started), datetime.fromisoformat(ended)) for started, ended in rows)


def after(waits: Iterable[tuple[datetime, datetime]]) -> WaitRange | None:
    """The forecast after these waits, each given by its begin and end."""
    return simulate(waits)[0].forecast()


def simulate(waits: Iterable[tuple[datetime, datetime]]) -> tuple[WaitForecast, list[bool]]:
    """Forecast each of these waits when it begins, and learn from it when it ends.

    Returns the forecast after the last, and for each wait that had a forecast whether it lay within.
    """
    forecast, hits = WaitForecast(), []
    running: list[tuple[datetime, int, datetime, WaitRange | None]] = []

    def end(until: datetime) -> None:
        while running and running[0][0] <= until:
            ended, _, started, expected_range = heapq.heappop(running)
            wait_s = (ended - started).total_seconds()
            if expected_range is not None:
                hits.append(expected_range.contains(wait_s))
            forecast.observe(wait_s, expected_range)

    for number, (started, ended) in enumerate(sorted(waits)):
        end(started)
        heapq.heappush(running, (ended, number, started, forecast.forecast()))
    end(datetime.max.replace(tzinfo=UTC))
    return forecast, hits


def _quantile(ordered: list[float], share: float) -> float:
    position = share * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)
