"""Forecast of a wait that starts now: a range that covers 8 of 10 waits.

Its bounds are quantiles of the latest waits, rounded to whole minutes, hours or days. Quantiles lag behind while a
queue grows or shrinks. So the latest waits are simulated in their order, and the quantiles are widened or narrowed
whenever too few or too many waits were within the range of their time (adaptive conformal inference: Gibbs and Candès
2021, https://arxiv.org/abs/2106.00170).
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

# start and end of each wait: columns of CaseRow
VISIT = ("evaluation_requested_at", "sample_taken_at")
RESULT = ("sample_taken_at", "result_told_at")
REPORT = ("result_told_at", "report_published_at")

COVERAGE = 0.8
# number of waits that a forecast uses, its minimum, and the maximum that the simulation reads
WINDOW, MIN_WAITS, MAX_WAITS = 50, 5, 1000
# unit in seconds, and the largest number of it that is shown to people
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400
UNITS = ((MINUTE_S, 90), (HOUR_S, 48), (DAY_S, math.inf))
# patients' pages show forecasts, so the query would run for each of them
CACHE_TTL_S = 60
# change of the quantiles after each wait
STEP = 0.05


@dataclass(frozen=True)
class WaitRange:
    """A range of durations in seconds, bounds included."""

    low_s: float
    high_s: float

    def contains(self, wait_s: float) -> bool:
        return self.low_s <= wait_s <= self.high_s


@dataclass
class WaitForecast:
    """State of the forecast: the latest ended waits, and the share of waits that may be outside the range."""

    latest: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))
    outside: float = 1 - COVERAGE

    def forecast(self) -> WaitRange | None:
        """Return the range for a wait that starts now; None after fewer than MIN_WAITS waits."""
        if len(self.latest) < MIN_WAITS:
            return None
        waits = sorted(self.latest)
        share = max(self.outside, 0) / 2
        # widens the range beyond the shortest and longest wait if their range covered too few
        factor = 1 + max(-self.outside, 0)
        return WaitRange(
            round_for_people(_quantile(waits, share) / factor), round_for_people(_quantile(waits, 1 - share) * factor)
        )

    def observe(self, wait_s: float, forecast: WaitRange | None) -> None:
        """Update the forecast with a wait that has ended.

        Args:
            forecast: the range at the start of the wait.
        """
        if forecast is not None:
            is_outside = not forecast.contains(wait_s)
            self.outside = min(self.outside + STEP * (1 - COVERAGE - is_outside), 0.9)
        self.latest.append(wait_s)


def to_units(seconds: float) -> tuple[int, int]:
    """Convert a duration to whole minutes, hours or days: returns the number, and the unit in seconds."""
    return next((round(seconds / unit), unit) for unit, maximum in UNITS if round(seconds / unit) <= maximum)


def round_for_people(seconds: float) -> float:
    """Round a duration in seconds to the unit that is shown to people."""
    count, unit = to_units(seconds)
    return count * unit


def forecast_wait(stage: tuple[str, str]) -> WaitRange | None:
    """Return the forecast for a wait that starts in this stage, cached for CACHE_TTL_S; None after too few waits."""
    return _expected(stage, database.obj, int(time.monotonic() / CACHE_TTL_S))


@lru_cache(maxsize=16)
def _expected(stage: tuple[str, str], _: object, __: int) -> WaitRange | None:
    start, end = (getattr(CaseRow, name) for name in stage)
    query = CaseRow.select_real(start, end).where(start.is_null(False), end.is_null(False)).order_by(end.desc())
    with database.connection_context():
        rows: list[Any] = list(query.limit(MAX_WAITS).tuples())
    return forecast_after((datetime.fromisoformat(started), datetime.fromisoformat(ended)) for started, ended in rows)


def forecast_after(waits: Iterable[tuple[datetime, datetime]]) -> WaitRange | None:
    """Return the forecast after these waits, given by their start and end."""
    return simulate(waits)[0].forecast()


def simulate(waits: Iterable[tuple[datetime, datetime]]) -> tuple[WaitForecast, list[bool]]:
    """Replay waits: forecast each at its start, and observe it at its end.

    Returns the forecast after the last, and for each wait that had a forecast whether it was within the range.
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
