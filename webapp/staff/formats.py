"""Template filters of the managers' pages, whose texts are English: times, days, months and short durations."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from babel.dates import format_date, format_datetime
from flask_babel import get_timezone

from kpi.indicator import SECONDS, Indicator
from webapp.staff.sign_in import pages

LOCALE = "en_GB"


@pages.app_template_filter("local_time")
def format_local_time(value: str | datetime) -> str:
    """Format a time, or its ISO 8601 text, in the application's time zone."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return format_datetime(moment, "d MMM y, HH:mm", get_timezone(), LOCALE)


@pages.app_template_filter("span")
def format_span(span: str | date, with_year: bool = True) -> str:
    """Format a day, YYYY-MM-DD, or a month, YYYY-MM: `2 Mar 2020`, `2 Mar`, `Mar 2020`."""
    if len(str(span)) == len("YYYY-MM"):
        return format_date(date.fromisoformat(f"{span}-01"), "MMM y", LOCALE)
    return format_date(date.fromisoformat(str(span)), "d MMM y" if with_year else "d MMM", LOCALE)


@pages.app_template_filter("short_duration")
def format_short_duration(span: timedelta | float) -> str:
    """Format a duration (seconds or timedelta) for badges and tables: `3 d`, `2 h`, `45 min`, `10 s`."""
    seconds = max(span.total_seconds() if isinstance(span, timedelta) else span, 0)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def format_duration(seconds: float) -> str:
    """Format a duration by its two largest units: `2 d 4 h`, `57 min 3 s`."""
    rest = round(seconds)
    parts: list[str] = []
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, rest = divmod(rest, length)
        if number or parts:
            parts.append(f"{number} {unit}")
    return " ".join(parts[:2]) or "0 s"


@pages.app_template_filter("kpi")
def format_kpi(figure: Indicator) -> str:
    """Format a KPI for the pages; CSV and JSON have durations to the second."""
    return format_duration(figure.value) if figure.unit == SECONDS and figure.value is not None else figure.text
