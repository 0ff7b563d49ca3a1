"""The list of closed cases, which Cockpit's community edition doesn't have: it shows running instances only."""

from __future__ import annotations

from flask import render_template, request

from camunda7.inputs.cleaning import clean_code
from kpi.indicators import DURATIONS, seconds_between
from kpi.rows import CaseRow, find_closed_case, list_closed_cases, select_closed
from processes.cases import is_running
from webapp.resources import resources
from webapp.staff.history import is_included
from webapp.staff.period import list_presets, read_period
from webapp.staff.sign_in import managers_only, pages

PAGE_SIZE = 50
# query parameters besides the period, and titles of their values that aren't values of a case
FILTERS = ("outcome", "result", "classification", "way", "age")
TITLES = {"contact": "came by a contact's link", "self": "came by themselves", "other": "other results"}


@pages.get("/closed")
@managers_only
def show_closed() -> str:
    reference = clean_code(request.args.get("reference", "")).upper()[:50]
    if reference:
        return show_case(reference)
    first, last = read_period()
    filters = {name: request.args[name][:50] for name in FILTERS if request.args.get(name)}
    after = request.args.get("after", type=int)
    query = select_closed(first, last, is_included(), resources().place.zone, **filters)
    rows = list_closed_cases(query, after, PAGE_SIZE + 1)
    return render_template(
        "staff/closed.html",
        rows=rows[:PAGE_SIZE],
        next_after=rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None,
        presets=list(list_presets(first, last)),
        first=first,
        last=last,
        filters=filters,
        titles=[name_filter(name, value) for name, value in filters.items()],
    )


def show_case(reference: str) -> str:
    """Show the closed case with a reference; an open one is in Cockpit."""
    row = find_closed_case(reference)
    return render_template(
        "staff/closed.html",
        reference=reference,
        rows=[row] if row else [],
        is_open=is_running(resources().engine, reference),
        cockpit=resources().options.cockpit_url,
        presets=list(list_presets(None, None)),
    )


def name_filter(name: str, value: str) -> str:
    """Return the title of a filter's value: `age 15-24`, `positive`, `care completed`."""
    if name == "age":
        return f"age {value}"
    return TITLES.get(value, value.replace("_", " "))


@pages.app_template_filter("duration_s")
def duration_s(row: CaseRow, figure: str) -> float | None:
    """Return the duration that a KPI measures, in seconds; None if the case ended before it did."""
    started, ended = (getattr(row, moment) for moment in DURATIONS[figure])
    return seconds_between(started, ended) if started and ended else None
