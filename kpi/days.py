"""Calendar days of the KPIs, in the time zone of patients and staff. The rows have times in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo


def day_of(moment: str, zone: tzinfo) -> date:
    """Return the day of a time in ISO 8601."""
    return datetime.fromisoformat(moment).astimezone(zone).date()


def start_of(day: date, zone: tzinfo) -> str:
    """Return the time at which a day begins, as the rows have it; that of the calendar's first day in any zone."""
    return format_time(datetime.combine(day, time(), UTC if day == date.min else zone))


def format_time(moment: datetime) -> str:
    """Format a time as ISO 8601 text in UTC, which sorts by time on SQLite and PostgreSQL."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
