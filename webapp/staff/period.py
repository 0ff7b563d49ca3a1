"""The period of a report: query parameters `first` and `last`, presets, and the period before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import abort, request

from webapp.resources import resources

DAY = timedelta(days=1)
PRESETS = (7, 30, 90)
RECENT_DAYS = 30


@dataclass(frozen=True)
class Preset:
    """A link to a period; `first` and `last` are empty for all days."""

    label: str
    first: date | str
    last: date | str
    is_current: bool


def read_recent_period() -> tuple[date | None, date | None]:
    """Read the period like read_period(), but without one in the query return the last RECENT_DAYS days."""
    if not {"first", "last"} & request.args.keys():
        return today() - (RECENT_DAYS - 1) * DAY, today()
    return read_period()


def read_period() -> tuple[date | None, date | None]:
    """Read the first and last day from the query; None if one is left open. Aborts with 400 if one isn't a date."""
    try:
        first, last = (date.fromisoformat(day) if day else None for day in map(request.args.get, ("first", "last")))
    except ValueError:
        abort(400, "Enter dates as YYYY-MM-DD, for example 2026-11-27.")
    return first, last


def today() -> date:
    """Return today in the time zone of the application."""
    return datetime.now(resources().place.zone).date()


def list_presets(first: date | None, last: date | None) -> Iterator[Preset]:
    """Yield the presets; `first` and `last` are the current period."""
    for days in PRESETS:
        start = today() - (days - 1) * DAY
        yield Preset(f"Last {days} days", start, today(), (first, last) == (start, today()))
    yield Preset("All days", "", "", first is last is None)


def find_period_before(first: date | None, last: date | None) -> tuple[date, date] | None:
    """Return the period of the same length before this one; None if it has no first day, or none fits before it."""
    if first is None:
        return None
    length = (last or today()) - first + DAY
    if length < DAY or first - date.min < length:
        return None
    return first - length, first - DAY
