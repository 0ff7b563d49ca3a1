"""The KPIs over time: charts drawn on the server, and their tables."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from xml.etree.ElementTree import Element

import pygal
from flask import Response, abort, url_for
from pygal.style import Style

from kpi.indicator import Indicator
from kpi.indicators import CYCLE_TIME, RATING, RESULT, RESULT_TO_REPORT, SAMPLE_TO_RESULT, compute_from_sums
from kpi.tallies import load_sums_by_span
from webapp.staff.history import is_included
from webapp.staff.managers import managers_only, min_people, pages
from webapp.staff.period import read_period

# a longer period is shown by months
MAX_DAYS, DEFAULT_DAYS = 92, 30
TEN_YEARS = timedelta(days=3652)
STYLE = Style(
    background="white",
    plot_background="white",
    foreground="#0b0c0c",
    foreground_strong="#0b0c0c",
    foreground_subtle="#505a5f",
    colors=("#d4351c", "#1d70b8", "#6f777b"),
    opacity=".9",
    guide_stroke_color="#d9dbdc",
    major_guide_stroke_color="#d9dbdc",
    font_family="Arial, Helvetica, sans-serif",
)
HOUR_S = 3600

# by day or month, by key of the KPI
KpiSeries = dict[str, dict[str, Indicator]]


@dataclass(frozen=True)
class Trend:
    """KPIs that are shown in one chart.

    Attributes:
        sums: the tallies from which they are computed.
        figures: keys of the KPIs.
        scale: converts a KPI's value to the chart's unit.
    """

    title: str
    sums: tuple[str, ...]
    figures: tuple[str, ...]
    kind: type[pygal.graph.graph.Graph]
    unit: str
    scale: Callable[[float], float] = float


TRENDS = {
    "results": Trend(
        "Results of closed cases",
        (RESULT,),
        ("positive", "negative", "other"),
        pygal.StackedBar,
        "number of cases",
    ),
    "positivity": Trend("Test positivity", (RESULT,), ("positivity",), pygal.Line, "%", lambda share: 100 * share),
    "times": Trend(
        "Median time",
        (CYCLE_TIME, SAMPLE_TO_RESULT, RESULT_TO_REPORT),
        ("cycle_time_median", "sample_to_result_median", "result_to_report_median"),
        pygal.Line,
        "hours",
        lambda seconds: seconds / HOUR_S,
    ),
    "feedback": Trend("Mean feedback", (RATING,), ("mean_feedback",), pygal.Line, "of 5"),
}
ALL_SUMS = {figure for trend in TRENDS.values() for figure in trend.sums}


@dataclass(frozen=True)
class Table:
    """A trend as a table: one row a day or month, one column a KPI."""

    title: str
    chart_url: str
    columns: list[str]
    rows: list[tuple[str, list[str]]]


@pages.get("/trends/<name>.svg")
@managers_only
def show_trend(name: str) -> Response:
    trend = TRENDS.get(name) or abort(404)
    spans = list_spans(*complete_period(*read_period()))
    svg = draw_chart(trend, load_series(spans, min_people(), trend.sums, is_included()))
    # the SVG contains its styles, and loads nothing
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return Response(svg, mimetype="image/svg+xml", headers={"Content-Security-Policy": policy})


def complete_period(first: date | None, last: date | None) -> tuple[date, date]:
    """Fill in the open ends of a period: until today, and DEFAULT_DAYS long."""
    last = last or datetime.now(UTC).date()
    return first or last - min(timedelta(days=DEFAULT_DAYS - 1), last - date.min), last


def load_tables(first: date | None, last: date | None) -> list[Table]:
    """Load the tables of all trends over a period."""
    series = load_series(list_spans(*complete_period(first, last)), min_people(), invented=is_included())
    return [
        create_table(trend, series, url_for("staff.show_trend", name=name, first=first, last=last))
        for name, trend in TRENDS.items()
    ]


def list_spans(first: date, last: date) -> list[str]:
    """List the days of a period, or the months of one longer than MAX_DAYS; at most its last ten years."""
    first = max(first, last - min(TEN_YEARS, last - date.min))
    days = [str(first + timedelta(days=number)) for number in range((last - first).days + 1)]
    return days if len(days) <= MAX_DAYS else sorted({day[: len("YYYY-MM")] for day in days})


def load_series(
    spans: list[str], below: int = 0, sums: Collection[str] = ALL_SUMS, invented: bool = False
) -> KpiSeries:
    """Compute the KPIs of each day or month.

    Args:
        sums: the tallies from which to compute KPIs.
        invented: whether to include the synthetic history.
    """
    sums_by_span = load_sums_by_span(spans, sums, invented)
    return {span: {figure.key: figure for figure in compute_from_sums(sums_by_span[span], below)} for span in spans}


def create_table(trend: Trend, series: KpiSeries, chart_url: str) -> Table:
    rows = [(span, [figures[key] for key in trend.figures]) for span, figures in series.items()]
    labels = [figure.label for figure in rows[0][1]] if rows else []
    return Table(trend.title, chart_url, labels, [(span, [figure.text for figure in each]) for span, each in rows])


def draw_chart(trend: Trend, series: KpiSeries) -> str:
    """Draw a chart as SVG; a KPI without a value has no point."""
    graph = trend.kind(
        style=STYLE,
        # without pygal's tooltip script, which is loaded from another host
        js=[],
        title=f"{trend.title}, {trend.unit}",
        width=900,
        height=380,
        legend_at_bottom=True,
        x_label_rotation=45,
        show_minor_x_labels=False,
        include_x_axis=True,
        allow_interruptions=True,
        no_data_text="No data yet",
    )
    graph.x_labels = list(series)
    graph.x_labels_major = list(series)[:: max(1, len(series) // 10)]
    for key in trend.figures if series else ():
        figures = [each[key] for each in series.values()]
        values = [None if figure.value is None else round(trend.scale(figure.value), 2) for figure in figures]
        graph.add(figures[0].label, values)
    graph.add_xml_filter(remove_scripts)
    return graph.render(is_unicode=True)


def remove_scripts(svg: Element) -> Element:
    for parent in list(svg.iter()):
        for child in parent.findall("script"):
            parent.remove(child)
    return svg
