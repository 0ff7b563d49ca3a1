"""The KPIs over time: charts drawn on the server, and their tables."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from xml.etree.ElementTree import Element

import pygal
from flask import Response, abort, url_for
from pygal.style import Style

from kpi.indicator import SECONDS, Indicator
from kpi.indicators import (
    CONFIRMED,
    CYCLE_TIME,
    NAMED,
    NOTIFIED_IN_TIME,
    RATING,
    RESULT,
    RESULT_TO_REPORT,
    SAMPLE_TO_RESULT,
    WITH_CONTACTS,
    compute_from_sums,
)
from kpi.tallies import load_sums_by_span
from webapp.staff.formats import format_span
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
    label_font_size=14,
    major_label_font_size=14,
    legend_font_size=16,
    title_font_size=18,
)
# lines differ by their dashes, too
DASHES = ("", "8,4", "2,4")
# units of durations, and the largest value in seconds that is shown in them
UNITS = (("seconds", 1, 120), ("minutes", 60, 7200), ("hours", 3600, math.inf))
MAX_TICKS, MAX_LABELS, FEW = 5, 14, 4

# by day or month, by key of the KPI
KpiSeries = dict[str, dict[str, Indicator]]


@dataclass(frozen=True)
class Trend:
    """KPIs that are shown in one chart.

    Attributes:
        sums: the tallies from which they are computed.
        figures: keys of the KPIs.
        unit: SECONDS for durations, whose unit depends on their length.
        factor: converts a KPI's value to the chart's unit.
    """

    title: str
    sums: tuple[str, ...]
    figures: tuple[str, ...]
    kind: type[pygal.graph.graph.Graph]
    unit: str
    factor: float = 1

    def choose_unit(self, highest: float) -> tuple[str, float]:
        """Return the unit of the chart in words, and the factor of its values; `highest` is the highest value."""
        if self.unit != SECONDS:
            return self.unit, self.factor
        return next((name, 1 / length) for name, length, longest in UNITS if highest <= longest)


TRENDS = {
    "results": Trend(
        "Results of closed cases", (RESULT,), ("positive", "negative", "other"), pygal.StackedBar, "number of cases"
    ),
    "positivity": Trend("Test positivity", (RESULT,), ("positivity",), pygal.Line, "%", 100),
    "times": Trend(
        "Median time",
        (CYCLE_TIME, SAMPLE_TO_RESULT, RESULT_TO_REPORT),
        ("cycle_time_median", "sample_to_result_median", "result_to_report_median"),
        pygal.Line,
        SECONDS,
    ),
    "tracing": Trend(
        "Contact tracing",
        (CONFIRMED, WITH_CONTACTS, NAMED, NOTIFIED_IN_TIME),
        ("with_contacts", "notified_in_24_h"),
        pygal.Line,
        "%",
        100,
    ),
    "feedback": Trend("Mean feedback", (RATING,), ("mean_feedback",), pygal.Line, "of 5"),
}


@dataclass(frozen=True)
class Table:
    """A trend as a table: one row a day or month, one column a KPI.

    Attributes:
        note: how many days or months have a value, if they are few.
    """

    title: str
    chart_url: str
    columns: list[str]
    rows: list[tuple[str, list[str]]]
    note: str


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


def create_tables(series: KpiSeries, first: date | None, last: date | None) -> list[Table]:
    """Create the tables of all trends over a period."""
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
    spans: list[str], below: int = 0, sums: Collection[str] | None = None, invented: bool = False
) -> KpiSeries:
    """Compute the KPIs of each day or month.

    Args:
        sums: the tallies from which to compute KPIs; None for all.
        invented: whether to include the synthetic history.
    """
    sums_by_span = load_sums_by_span(spans, sums, invented)
    return {span: {figure.key: figure for figure in compute_from_sums(sums_by_span[span], below)} for span in spans}


def create_table(trend: Trend, series: KpiSeries, chart_url: str) -> Table:
    rows = [(span, [figures[key] for key in trend.figures]) for span, figures in series.items()]
    labels = [figure.label for figure in rows[0][1]] if rows else []
    texts = [(format_span(span), [figure.text for figure in each]) for span, each in rows]
    return Table(trend.title, chart_url, labels, texts, describe_gaps([each for _, each in rows]))


def describe_gaps(rows: list[list[Indicator]]) -> str:
    """Say that few days or months have a value; empty if enough have one."""
    count = sum(any(figure.value for figure in each) for each in rows)
    if count > FEW:
        return ""
    return f"{count or 'None'} of these {len(rows)} days or months {'has' if count == 1 else 'have'} a value."


def draw_chart(trend: Trend, series: KpiSeries) -> str:
    """Draw a chart as SVG; a KPI without a value has no point."""
    figures = {key: [each[key] for each in series.values()] for key in trend.figures}
    measured = [[figure.value or 0 for figure in each] for each in figures.values()] if series else []
    is_stacked = trend.kind is pygal.StackedBar
    highest = max((sum(each) if is_stacked else max(each) for each in zip(*measured, strict=True)), default=0)
    unit, factor = trend.choose_unit(highest)
    graph = trend.kind(
        style=STYLE,
        # without pygal's tooltip script, which is loaded from another host
        js=[],
        title=f"{trend.title}, {unit}",
        width=900,
        height=380,
        legend_at_bottom=True,
        show_minor_x_labels=False,
        truncate_legend=-1,
        truncate_label=-1,
        include_x_axis=True,
        allow_interruptions=True,
        no_data_text="No data yet",
    )
    graph.x_labels = [format_span(span, with_year=False) for span in series]
    graph.x_labels_major = [format_span(span, with_year=False) for span in choose_labels(list(series))]
    graph.y_labels = choose_ticks(highest * factor)
    for own, dashes in zip(figures.values() if series else (), DASHES, strict=False):
        values = [None if figure.value is None else round(figure.value * factor, 2) for figure in own]
        graph.add(own[0].label, values, stroke_style=None if is_stacked else {"width": 3, "dasharray": dashes})
    graph.add_xml_filter(remove_scripts)
    return graph.render(is_unicode=True)


def choose_labels(spans: list[str]) -> list[str]:
    """Return the days or months that have a label on the axis: Mondays, or each of few; at most MAX_LABELS."""
    days = [span for span in spans if len(span) == len("YYYY-MM-DD")]
    mondays = [day for day in days if date.fromisoformat(day).weekday() == 0]
    chosen = mondays if len(spans) > MAX_LABELS // 2 and mondays else spans
    return chosen[:: math.ceil(len(chosen) / MAX_LABELS) or 1]


def choose_ticks(highest: float) -> list[float]:
    """Return round whole numbers from 0 to at least the highest value, at most MAX_TICKS + 1."""
    step = 1
    for factor in itertools.cycle((2, 2.5, 2)):
        if highest <= step * MAX_TICKS:
            break
        step = round(step * factor)
    return [step * number for number in range(max(math.ceil(highest / step), 1) + 1)]


def remove_scripts(svg: Element) -> Element:
    for parent in list(svg.iter()):
        for child in parent.findall("script"):
            parent.remove(child)
    return svg
