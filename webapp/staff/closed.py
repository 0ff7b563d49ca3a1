"""The list of closed cases, which Cockpit's community edition doesn't have: it shows running instances only."""

from __future__ import annotations

from flask import render_template, request

from kpi.indicators import DURATIONS, seconds_between
from kpi.rows import CaseRow, list_closed_cases
from webapp.staff.history import is_included
from webapp.staff.managers import managers_only, pages
from webapp.staff.period import list_presets, read_period

PAGE_SIZE = 50


@pages.get("/closed")
@managers_only
def show_closed() -> str:
    first, last = read_period()
    outcome, after = request.args.get("outcome", "")[:50], request.args.get("after", type=int)
    rows = list_closed_cases(first, last, outcome or None, after, PAGE_SIZE + 1, is_included())
    return render_template(
        "staff/closed.html",
        rows=rows[:PAGE_SIZE],
        next_after=rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None,
        presets=list(list_presets(first, last)),
        first=first,
        last=last,
        filters={"first": first, "last": last, "outcome": outcome or None},
    )


@pages.app_template_filter("duration_s")
def duration_s(row: CaseRow, figure: str) -> float | None:
    """Return the duration that a KPI measures, in seconds; None if the case ended before it did."""
    started, ended = (getattr(row, moment) for moment in DURATIONS[figure])
    return seconds_between(started, ended) if started and ended else None
