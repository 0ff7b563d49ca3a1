"""Template filters for texts, dates, times and durations in the reader's language."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import Literal

from babel.dates import format_timedelta
from flask_babel import format_date, format_time, get_locale, get_timezone, gettext

QUARTER = timedelta(minutes=15)
VISITING_HOURS = range(7, 21)
Unit = Literal["minute", "hour", "day"]


def translated(text: str) -> str:
    """Translate a text that is only known at run time, from a form; English if there is no translation."""
    return gettext(text) if text else ""


def day(value: date | str) -> str:
    """Format a date; a text that isn't an ISO date is returned as it is."""
    try:
        return format_date(date.fromisoformat(value) if isinstance(value, str) else value, "long", rebase=False)
    except ValueError:
        return str(value)


def moment(value: datetime) -> str:
    """Format a point in time in the application's time zone, which is named only if it is UTC: not people's own."""
    return gettext("%(day)s, %(time)s", day=format_date(value, "long"), time=_clock(value))


def appointment(value: datetime) -> str:
    """Format the time until which a visit is due, rounded up to the quarter of an hour: `Tuesday 1 December, 14:45`.

    At night, when no one visits, it is the day alone.
    """
    exact = timedelta(minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    due = value - exact + math.ceil(exact / QUARTER) * QUARTER
    day_of_week = format_date(due, "EEEE d MMMM")
    if due.astimezone(get_timezone()).hour not in VISITING_HOURS:
        return day_of_week
    return gettext("%(day)s, %(time)s", day=day_of_week, time=_clock(due))


def unbroken(text: str) -> str:
    """Return a heading in which no line ends within COVID-19."""
    return text.replace("COVID-19", "COVID\u201119")


def _clock(value: datetime) -> str:
    zone = value.astimezone(get_timezone()).tzname()
    return format_time(value, "short") + (f" {zone}" if zone == "UTC" else "")


def duration(count: int, unit: Unit) -> str:
    """Format a duration for people: `3 hours`, `2 days`."""
    length = timedelta(**{f"{unit}s": count})
    return format_timedelta(length, granularity=unit, threshold=math.inf, locale=get_locale() or "en")
