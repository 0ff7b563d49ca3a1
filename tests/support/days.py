"""Days that stay plausible, whenever a test runs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta


def days_ago(count: int) -> str:
    """A day before today, or after it where the count is negative, YYYY-MM-DD."""
    return str(datetime.now(UTC).date() - timedelta(days=count))


def day_of_month(day: str) -> str:
    """The day's number, as a page's field has it."""
    return str(date.fromisoformat(day).day)
