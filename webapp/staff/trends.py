"""The KPIs' course over time: charts drawn on the server, and their tables."""

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
from webapp.staff.managers import least, managers_only, pages
from webapp.staff.period import period

# a longer period is told by months
MOST_DAYS, SHOWN_DAYS = 92, 30
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

# the KPIs of each day or month, by their keys
Course = dict[str, dict[str, Indicator]]


@dataclass(frozen=True)
class Trend:
    """Some figures whose course is told together.

    Attributes:
        summed: what they are worked out from.
        figures: the keys of KPIs.
        scale: a figure's value as the chart shows it.
    """

    title: str
    summed: tuple[str, ...]
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
SUMMED = {figure for trend in TRENDS.values() for figure in trend.summed}


@dataclass(frozen=True)
class Table:
    """A trend as text: its columns after the first are the figures'."""

    title: str
    picture: str
    columns: list[str]
    rows: list[tuple[str, list[str]]]


@pages.get("/trends/<name>.svg")
@managers_only
def show_trend(name: str) -> Response:
    trend = TRENDS.get(name) or abort(404)
    svg = chart(trend, figures_of(spans_of(*shown(*period())), least(), trend.summed, is_included()))
    # a picture by itself: it brings its own styles, and nothing else
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return Response(svg, mimetype="image/svg+xml", headers={"Content-Security-Policy": policy})


def shown(first: date | None, last: date | None) -> tuple[date, date]:
    """The period whose course is told: without its first day the last month of it."""
    last = last or datetime.now(UTC).date()
    return first or last - min(timedelta(days=SHOWN_DAYS - 1), last - date.min), last


def tables(first: date | None, last: date | None) -> list[Table]:
    """All trends over a period."""
    found = figures_of(spans_of(*shown(first, last)), least(), invented=is_included())
    return [
        table(trend, found, url_for("staff.show_trend", name=name, first=first, last=last))
        for name, trend in TRENDS.items()
    ]


def spans_of(first: date, last: date) -> list[str]:
    """The days of a period, or the months of a long one, at most the last ten years of it."""
    first = max(first, last - min(TEN_YEARS, last - date.min))
    days = [str(first + timedelta(days=number)) for number in range((last - first).days + 1)]
    return days if len(days) <= MOST_DAYS else sorted({day[: len("YYYY-MM")] for day in days})


def figures_of(spans: list[str], below: int = 0, summed: Collection[str] = SUMMED, invented: bool = False) -> Course:
    """The KPIs that can be worked out from some sums."""
    found = load_sums_by_span(spans, summed, invented)
    return {span: {figure.key: figure for figure in compute_from_sums(found[span], below)} for span in spans}


def table(trend: Trend, found: Course, picture: str) -> Table:
    rows = [(span, [figures[key] for key in trend.figures]) for span, figures in found.items()]
    labels = [figure.label for figure in rows[0][1]] if rows else []
    return Table(trend.title, picture, labels, [(span, [figure.text for figure in each]) for span, each in rows])


def chart(trend: Trend, found: Course) -> str:
    """The picture; what is none yet has no point on it."""
    graph = trend.kind(
        style=STYLE,
        # no script from elsewhere
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
    graph.x_labels = list(found)
    graph.x_labels_major = list(found)[:: max(1, len(found) // 10)]
    for key in trend.figures if found else ():
        figures = [each[key] for each in found.values()]
        values = [None if figure.value is None else round(trend.scale(figure.value), 2) for figure in figures]
        graph.add(figures[0].label, values)
    graph.add_xml_filter(without_scripts)
    return graph.render(is_unicode=True)


def without_scripts(svg: Element) -> Element:
    for parent in list(svg.iter()):
        for child in parent.findall("script"):
            parent.remove(child)
    return svg
