"""The KPIs, as a page, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Response, render_template

from kpi.indicators import compute_kpis
from webapp.staff.history import is_included
from webapp.staff.managers import managers_only, min_people, pages
from webapp.staff.period import read_period
from webapp.staff.trends import load_tables


@pages.get("/kpis")
@managers_only
def show_kpis() -> str:
    first, last = read_period()
    figures = compute_kpis(first, last, min_people(), is_included())
    return render_template("staff/kpis.html", figures=figures, trends=load_tables(first, last), first=first, last=last)


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
