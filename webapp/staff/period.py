"""The period of a report: query parameters `first` and `last`."""

from __future__ import annotations

from datetime import date

from flask import abort, request


def read_period() -> tuple[date | None, date | None]:
    """Read the first and last day from the query; None if one is left open. Aborts with 400 if one isn't a date."""
    try:
        first, last = (date.fromisoformat(day) if day else None for day in map(request.args.get, ("first", "last")))
    except ValueError:
        abort(400, "Enter dates as YYYY-MM-DD, for example 2026-11-27.")
    return first, last
