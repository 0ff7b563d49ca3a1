"""Dates relative to today, for fields that are validated against it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta


def days_ago(count: int) -> str:
    """The date this number of days before today, as YYYY-MM-DD; a negative count is in the future."""
    return str(datetime.now(UTC).date() - timedelta(days=count))


def day_of_month(day: str) -> str:
    """The day of the month of a date YYYY-MM-DD, without a leading zero, as in a page's field."""
    return str(date.fromisoformat(day).day)
