"""The KPIs, as a page, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Response, render_template

from kpi.indicators import compute_kpis
from webapp.staff.history import is_included
from webapp.staff.managers import least, managers_only, pages
from webapp.staff.period import period
from webapp.staff.trends import tables


@pages.get("/kpis")
@managers_only
def show_kpis() -> str:
    first, last = period()
    found = {"figures": compute_kpis(first, last, least(), is_included()), "trends": tables(first, last)}
    return render_template("staff/kpis.html", **found, first=first, last=last)


@pages.get("/kpis.json")
@managers_only
def kpis_json() -> dict[str, dict[str, Any]]:
    return {figure.key: figure.to_json() for figure in compute_kpis(*period(), least(), is_included())}


@pages.get("/kpis.csv")
@managers_only
def kpis_csv() -> Response:
    text = io.StringIO()
    rows = [{"key": figure.key, **figure.to_json()} for figure in compute_kpis(*period(), least(), is_included())]
    writer = csv.DictWriter(text, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    return Response(text.getvalue(), mimetype="text/csv")
