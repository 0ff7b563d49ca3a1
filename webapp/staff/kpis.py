"""The KPIs, as a page, as CSV and as JSON."""

from __future__ import annotations

import csv
import dataclasses
import io
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Response, abort, render_template, request

from records.kpis import Kpis, kpis
from webapp.staff.managers import managers_only, pages


@pages.get("/kpis")
@managers_only
def show_kpis() -> str:
    first, last = period()
    return render_template("staff/kpis.html", rows=figures(kpis_of(first, last)), first=first, last=last)


@pages.get("/kpis.json")
@managers_only
def kpis_json() -> dict[str, Any]:
    return dataclasses.asdict(kpis_of(*period()))


@pages.get("/kpis.csv")
@managers_only
def kpis_csv() -> Response:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["kpi", "value"])
    writer.writerows(figures(kpis_of(*period())))
    return Response(text.getvalue(), mimetype="text/csv")


def period() -> tuple[date | None, date | None]:
    """The days that the reader chose, first and last; None where they left one open."""
    try:
        first, last = (date.fromisoformat(day) if day else None for day in map(request.args.get, ("first", "last")))
    except ValueError:
        abort(400, "A day is written YYYY-MM-DD.")
    return first, last


def kpis_of(first: date | None, last: date | None) -> Kpis:
    """The figures over the cases that closed from the first to the last day, in UTC, both included."""
    midnight = time(tzinfo=UTC)
    since = datetime.combine(first, midnight) if first else None
    until = datetime.combine(last + timedelta(days=1), midnight) if last and last < date.max else None
    return kpis(since, until)


def figures(found: Kpis) -> list[tuple[str, str]]:
    """The figures as text, each with its name, in the order of docs/kpis.md."""
    ended = [(f"Cases ended: {outcome.replace('_', ' ')}", str(n)) for outcome, n in sorted(found.outcomes.items())]
    return [
        ("Closed cases", str(found.closed)),
        *ended,
        ("Positive", str(found.positive)),
        ("Negative", str(found.negative)),
        ("Other results", str(found.other)),
        ("Test positivity", _share(found.positivity)),
        ("Mean feedback", _mean(found.mean_feedback)),
        ("Responses", f"{found.ratings} of {found.ratings_asked} asked"),
        ("Cycle time, mean", _duration(found.cycle_time and found.cycle_time.mean_s)),
        ("Cycle time, median", _duration(found.cycle_time and found.cycle_time.median_s)),
        ("Cycle time, 90th percentile", _duration(found.cycle_time and found.cycle_time.p90_s)),
        (
            "Sample taken to result told, mean",
            _duration(found.sample_to_result and found.sample_to_result.mean_s),
        ),
        ("Result told to report, mean", _duration(found.result_to_report and found.result_to_report.mean_s)),
        (
            "Sample taken to last contact notified, mean",
            _duration(found.sample_to_last_contact and found.sample_to_last_contact.mean_s),
        ),
    ]


NONE_YET = "none yet"


def _share(value: float | None) -> str:
    return NONE_YET if value is None else f"{value:.1%}"


def _mean(value: float | None) -> str:
    return NONE_YET if value is None else f"{value:.2f}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return NONE_YET
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return " ".join(
        part
        for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes or hours else "", f"{rest} s")
        if part
    )
