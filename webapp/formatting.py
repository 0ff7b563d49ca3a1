"""How texts, days, times and durations are written in the reader's language."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import Literal

from babel.dates import format_timedelta
from flask_babel import format_date, format_time, get_locale, get_timezone, gettext

Unit = Literal["minute", "hour", "day"]


def translated(text: str) -> str:
    """A text that isn't known before it is shown: of a form. In English where nobody has translated it."""
    return gettext(text) if text else ""


def day(value: date | str) -> str:
    """A calendar day; as it was written where that was no day."""
    try:
        return format_date(date.fromisoformat(value) if isinstance(value, str) else value, "long", rebase=False)
    except ValueError:
        return str(value)


def moment(value: datetime) -> str:
    """A point in time, as the clock of the place shows it."""
    clock = format_time(value, "short")
    zone = value.astimezone(get_timezone()).tzname()
    return gettext("%(day)s, %(time)s", day=format_date(value, "long"), time=f"{clock} {zone}")


def duration(count: int, unit: Unit) -> str:
    """So many minutes, hours or days, in words."""
    length = timedelta(**{f"{unit}s": count})
    return format_timedelta(length, granularity=unit, threshold=math.inf, locale=get_locale() or "en")
