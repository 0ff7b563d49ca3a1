"""The period that a reader chooses: some days, or all."""

from __future__ import annotations

from datetime import date

from flask import abort, request


def period() -> tuple[date | None, date | None]:
    """The days that the reader chose, first and last; None where they left one open."""
    try:
        first, last = (date.fromisoformat(day) if day else None for day in map(request.args.get, ("first", "last")))
    except ValueError:
        abort(400, "Enter dates as YYYY-MM-DD, for example 2026-11-27.")
    return first, last
