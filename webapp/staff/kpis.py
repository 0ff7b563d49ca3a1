"""The KPIs, as a page, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

from flask import Response, render_template, request

from kpi.groups import AGE, DIMENSIONS, MAX_CASES, OUTCOME, WAY, Group, compute_group, load_groups
from kpi.indicator import Indicator
from kpi.indicators import compute_kpis
from kpi.rows import AGE_GROUPS, AS_CONTACT, BY_THEMSELVES, UNKNOWN_AGE
from kpi.tallies import ALL
from webapp.resources import resources
from webapp.staff.history import is_included
from webapp.staff.kpi_groups import ENDED, arrange_kpis, list_missed
from webapp.staff.period import find_period_before, list_presets, read_period, read_recent_period
from webapp.staff.sign_in import managers_only, min_people, pages
from webapp.staff.trends import KpiSeries, complete_period, create_views, list_spans, load_series

Period = tuple[date | None, date | None]
# values of the query parameter `group`, DIMENSION:VALUE, with their labels
WAYS = {f"{WAY}:{AS_CONTACT}": "Came by a contact's link", f"{WAY}:{BY_THEMSELVES}": "Came by themselves"}
AGES = {f"{AGE}:{value}": f"Age {value}" for value in (*AGE_GROUPS.values(), UNKNOWN_AGE)}


@pages.get("/kpis")
@managers_only
def show_kpis() -> str:
    first, last = period = read_recent_period()
    before = find_period_before(first, last)
    figures, earlier = load_kpis(period), load_kpis(before)
    choices = list_choices(figures)
    spans = list_spans(*complete_period(first, last))
    group = read_group()
    is_too_long = group is not None and max(map(count_closed, (figures, earlier))) > MAX_CASES
    if group and not is_too_long:
        figures, series = load_kpis_of(group, period, spans)
        earlier = load_kpis_of(group, before, [])[0] if before else []
    else:
        group, series = None, load_series(spans, min_people(), is_included())
    targets = resources().options.targets
    return render_template(
        "staff/kpis.html",
        groups=arrange_kpis(figures, earlier, series, targets),
        missed=list_missed(figures, targets),
        trends=create_views(series, targets),
        presets=list(list_presets(first, last)),
        before=before,
        first=first,
        last=last,
        filters={"group": f"{group.dimension}:{group.value}"} if group else {},
        behind={group.dimension: group.value} if group else {},
        choices=choices,
        is_too_long=is_too_long,
    )


def load_kpis(period: Period | None) -> list[Indicator]:
    """Compute the KPIs over a period; none without one."""
    return compute_kpis(*period, min_people(), is_included()) if period else []


def load_kpis_of(group: Group, period: Period, spans: list[str]) -> tuple[list[Indicator], KpiSeries]:
    """Compute the KPIs of a group over a period, and for each day or month."""
    groups = load_groups(group.dimension, *period, spans, is_included(), resources().place.zone)
    by_span = {span: compute_group(groups, group.value, span, min_people()) for span in (*spans, ALL)}
    return by_span.pop(ALL), {span: {each.key: each for each in own} for span, own in by_span.items()}


def count_closed(figures: list[Indicator]) -> float:
    """Return the number of closed cases; 0 if it is suppressed."""
    return next((figure.value or 0 for figure in figures if figure.key == "closed"), 0)


def list_choices(figures: list[Indicator]) -> dict[str, str]:
    """List the groups of cases to choose from, by the value of `group`; "" is all cases."""
    outcomes = {
        f"{OUTCOME}:{figure.key.removeprefix(ENDED)}": figure.label
        for figure in figures
        if figure.key.startswith(ENDED)
    }
    return {"": "All cases"} | WAYS | AGES | outcomes


def read_group() -> Group | None:
    """Read the group from the query; None for all cases."""
    dimension, _, value = request.args.get("group", "").partition(":")
    return Group(dimension, value[:50]) if dimension in DIMENSIONS and value else None


@pages.get("/kpis.json")
@managers_only
def kpis_json() -> dict[str, dict[str, Any]]:
    return {figure.key: figure.to_json() for figure in compute_kpis(*read_period(), min_people(), is_included())}


@pages.get("/kpis.csv")
@managers_only
def kpis_csv() -> Response:
    text = io.StringIO()
    rows = [
        {"key": figure.key, **figure.to_json()} for figure in compute_kpis(*read_period(), min_people(), is_included())
    ]
    writer = csv.DictWriter(text, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    return Response(text.getvalue(), mimetype="text/csv")
