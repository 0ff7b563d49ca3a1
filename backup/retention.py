"""Which backups are kept: the latest of each day and of each week, for a number of days and weeks that have one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime


def select_expired(times: Iterable[datetime], keep_daily: int, keep_weekly: int) -> set[datetime]:
    """Return the times of the backups that aren't kept; the latest one always is."""
    newest_first = sorted(times, reverse=True)
    kept = _latest_of_each(newest_first, lambda time: time.date(), keep_daily)
    kept |= _latest_of_each(newest_first, lambda time: time.isocalendar()[:2], keep_weekly)
    return set(newest_first) - kept


def _latest_of_each(newest_first: list[datetime], period_of: Callable[[datetime], object], count: int) -> set[datetime]:
    latest: dict[object, datetime] = {}
    for time in newest_first:
        latest.setdefault(period_of(time), time)
    return set(list(latest.values())[:count])
