"""The KPIs, as a page, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Response, render_template

from kpi.indicators import compute_kpis
from webapp.resources import resources
from webapp.staff.history import is_included
from webapp.staff.kpi_groups import group_kpis
from webapp.staff.managers import managers_only, min_people, pages
from webapp.staff.period import find_period_before, list_presets, read_period
from webapp.staff.trends import complete_period, create_tables, list_spans, load_series


@pages.get("/kpis")
@managers_only
def show_kpis() -> str:
    first, last = read_period()
    before = find_period_before(first, last)
    series = load_series(list_spans(*complete_period(first, last)), min_people(), invented=is_included())
    return render_template(
        "staff/kpis.html",
        groups=group_kpis(
            compute_kpis(first, last, min_people(), is_included()),
            compute_kpis(*before, min_people(), is_included()) if before else [],
            series,
            resources().options.targets,
        ),
        trends=create_tables(series, first, last),
        presets=list(list_presets(first, last)),
        before=before,
        first=first,
        last=last,
    )


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
