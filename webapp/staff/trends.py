"""The KPIs over time: charts drawn on the server, and their tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from kpi.indicator import SECONDS, Indicator
from kpi.indicators import compute_from_sums
from kpi.tallies import load_sums_by_span
from webapp.staff.charts import Chart, Series
from webapp.staff.formats import format_span
from webapp.staff.period import today
from webapp.staff.targets import find_limit

# a longer period is shown by months
MAX_DAYS, DEFAULT_DAYS = 92, 30
TEN_YEARS = timedelta(days=3652)
# units of durations, and the largest value in seconds that is shown in them
UNITS = ((" s", 1, 120), (" min", 60, 7200), (" h", 3600, 172_800), (" d", 86400, math.inf))
FEW = 4

# by day or month, by key of the KPI
KpiSeries = dict[str, dict[str, Indicator]]


@dataclass(frozen=True)
class Trend:
    """KPIs that are shown in one chart.

    Attributes:
        figures: labels by key of the KPI.
        unit: follows a number; SECONDS for durations, whose unit depends on their length.
        factor: converts a KPI's value to the chart's unit.
    """

    title: str
    figures: Mapping[str, str]
    unit: str = ""
    factor: float = 1
    is_stacked: bool = False

    def choose_unit(self, highest: float) -> tuple[str, float]:
        """Return the unit of the chart, and the factor of its values; `highest` is the highest value."""
        if self.unit != SECONDS:
            return self.unit, self.factor
        return next((name, 1 / length) for name, length, longest in UNITS if highest <= longest)


TRENDS = (
    Trend(
        "Results of closed cases",
        {"positive": "Positive", "negative": "Negative", "other": "Other"},
        is_stacked=True,
    ),
    Trend("Test positivity", {"positivity": "Positivity"}, "%", 100),
    Trend(
        "Median time",
        {
            "cycle_time_median": "Cycle time",
            "sample_to_result_median": "Sample to result",
            "result_to_report_median": "Result to report",
        },
        SECONDS,
    ),
    Trend("Contact tracing", {"with_contacts": "Named a contact", "notified_in_24_h": "Notified in 24 h"}, "%", 100),
    Trend("Mean feedback, of 5", {"mean_feedback": "Feedback"}),
)


@dataclass(frozen=True)
class TrendView:
    """A trend as a chart, and as a table: one row a day or month, one column a KPI.

    Attributes:
        note: how many days or months have a value, if they are few, and how many have too few people to show one.
    """

    title: str
    chart: Markup
    columns: list[str]
    rows: list[tuple[str, list[str]]]
    note: str


def complete_period(first: date | None, last: date | None) -> tuple[date, date]:
    """Fill in the open ends of a period: until today, and DEFAULT_DAYS long."""
    last = last or today()
    return first or last - min(timedelta(days=DEFAULT_DAYS - 1), last - date.min), last


def list_spans(first: date, last: date) -> list[str]:
    """List the days of a period, or the months of one longer than MAX_DAYS; at most its last ten years."""
    first = max(first, last - min(TEN_YEARS, last - date.min))
    days = [str(first + timedelta(days=number)) for number in range((last - first).days + 1)]
    return days if len(days) <= MAX_DAYS else sorted({day[: len("YYYY-MM")] for day in days})


def load_series(spans: list[str], below: int = 0, invented: bool = False) -> KpiSeries:
    """Compute the KPIs of each day or month.

    Args:
        invented: whether to include the synthetic history.
    """
    sums_by_span = load_sums_by_span(spans, invented)
    return {
        span: {figure.key: figure for figure in compute_from_sums(sums, below)} for span, sums in sums_by_span.items()
    }


def create_views(series: KpiSeries, targets: Mapping[str, Any]) -> list[TrendView]:
    """Create the views of all trends; `targets` are by name in the settings."""
    return [create_view(trend, series, targets) for trend in TRENDS]


def create_view(trend: Trend, series: KpiSeries, targets: Mapping[str, Any]) -> TrendView:
    rows = [(span, [figures[key] for key in trend.figures]) for span, figures in series.items()]
    labels = [figure.label for figure in rows[0][1]] if rows else []
    texts = [(format_span(span), [figure.text for figure in each]) for span, each in rows]
    chart = create_chart(trend, series, targets).draw()
    return TrendView(trend.title, chart, labels, texts, describe_gaps([each for _, each in rows]))


def create_chart(trend: Trend, series: KpiSeries, targets: Mapping[str, Any]) -> Chart:
    """Create the chart of a trend; a KPI without a value has no point."""
    figures = {key: [each[key] for each in series.values()] for key in trend.figures}
    highest = max((figure.value or 0 for own in figures.values() for figure in own), default=0)
    unit, factor = trend.choose_unit(highest)
    lines = [
        Series(
            label,
            [None if figure.value is None else figure.value * factor for figure in figures[key]],
            [figure.text for figure in figures[key]],
        )
        for key, label in trend.figures.items()
    ]
    limits = {find_limit(key, targets) for key in trend.figures}
    limit = limits.pop() if len(limits) == 1 else None
    return Chart(
        f"{trend.title}: chart of the table below",
        list(series),
        lines,
        unit,
        trend.is_stacked,
        None if limit is None else limit * factor,
    )


def describe_gaps(rows: list[list[Indicator]]) -> str:
    """Say that few days or months have a value, or that some have too few people to show one; empty otherwise."""
    count = sum(any(figure.value for figure in each) for each in rows)
    hidden = sum(any(figure.hidden for figure in each) for each in rows)
    notes = []
    if count <= FEW:
        notes.append(
            f"{count or 'None'} of these {len(rows)} days or months {'has' if count == 1 else 'have'} a value."
        )
    if hidden:
        notes.append(f"{hidden} of {len(rows)} {'has' if hidden == 1 else 'have'} too few people to show a value.")
    return " ".join(notes)
