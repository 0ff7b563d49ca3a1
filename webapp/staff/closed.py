"""The cases that have closed, one by one: community Cockpit shows running ones only."""

from __future__ import annotations

from flask import render_template, request

from kpi.indicators import DURATIONS, seconds_between
from kpi.rows import CaseRow, list_closed_cases
from webapp.staff.history import is_included
from webapp.staff.managers import managers_only, pages
from webapp.staff.period import period

AT_ONCE = 50


@pages.get("/closed")
@managers_only
def show_closed() -> str:
    first, last = period()
    outcome, after = request.args.get("outcome", "")[:50], request.args.get("after", type=int)
    rows = list_closed_cases(first, last, outcome or None, after, AT_ONCE + 1, is_included())
    return render_template(
        "staff/closed.html",
        rows=rows[:AT_ONCE],
        more=rows[AT_ONCE - 1].id if len(rows) > AT_ONCE else None,
        first=first,
        last=last,
        chosen={"first": first, "last": last, "outcome": outcome or None},
    )


@pages.app_template_filter("took_s")
def took_s(row: CaseRow, figure: str) -> float | None:
    """How long a case took for what a KPI measures, in seconds; None where it didn't come so far."""
    begun, ended = (getattr(row, moment) for moment in DURATIONS[figure])
    return seconds_between(begun, ended) if begun and ended else None
