"""The KPIs in groups, each with its target, the period before, its course and its definition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from markupsafe import Markup

from kpi.indicator import SECONDS, SHARE, Indicator
from kpi.indicators import SPREADS
from webapp.staff.formats import format_kpi, format_short_duration
from webapp.staff.sparkline import draw_sparkline
from webapp.staff.trends import KpiSeries

ENDED = "ended_"
MEDIAN, P90, MEAN = "_median", "_p90", "_mean"
# settings of targets by KPI: the highest values, and the lowest
AT_MOST = {
    "positivity": "positivity",
    "sample_to_result_median": "sample_to_result",
    "sample_to_last_contact_median": "sample_to_last_contact",
}
AT_LEAST = {key: key for key in ("with_contacts", "contacts_per_case", "notified_in_24_h", "mean_feedback")}
OUTCOME, SPEED, TRACING, SATISFACTION = "Outcome", "Speed", "Contact tracing", "Satisfaction"
SPREAD_LABELS = {f"{key}{MEDIAN}": label for key, label, _ in SPREADS}
GROUPS = {
    OUTCOME: ("closed", "positive", "negative", "other", "positivity", "confirmed"),
    SPEED: tuple(SPREAD_LABELS),
    TRACING: ("with_contacts", "contacts_per_case", "contacts_named", "notified_in_24_h", "secondary"),
    SATISFACTION: ("mean_feedback", "ratings", "ratings_asked"),
}
DEFINITIONS = {
    OUTCOME: {
        "Closed cases": "Cases with an outcome, on the day of their first end. “Cases ended” tells them apart by it.",
        "Positive, negative, other": "Closed cases by the result of their test.",
        "Test positivity": "Positive results, divided by positive and negative ones.",
        "Confirmed cases": "Confirmed by the doctor's report.",
    },
    SPEED: {
        "Cycle time": "From the request for evaluation to care completed, before the review.",
        "Sample taken to result published": "Until the patient is notified.",
        "Result published to report published": "Until the patient can read the doctor's report.",
        "Sample taken to last contact notified": "Of cases whose contacts were notified.",
        "Onset of symptoms to result": "Of cases with an onset at most 200 days before.",
        "Median, 90th percentile, mean": "Half, and 9 of 10 cases, take at most as long. The target is for the median.",
    },
    TRACING: {
        "Confirmed cases that named a contact": "Divided by all confirmed cases.",
        "Contacts per confirmed case that named any": "Contacts, divided by confirmed cases that named at least one.",
        "Contacts notified in 24 h": "By message or telephone within 24 h after they were named, divided by all.",
        "Contacts who became confirmed cases": "Came by a notified contact's link, divided by contacts notified.",
    },
    SATISFACTION: {
        "Mean feedback": "Mean of the ratings from 1 to 5.",
        "Responses": "How many patients rated CoronaCare, of how many were asked.",
    },
}


@dataclass(frozen=True)
class Row:
    """One KPI; of a duration its median, with the other figures beside it.

    Attributes:
        others: further figures of the same duration: 90th percentile and mean.
        before: over the period before; None without one.
        target: in words; empty if there is none.
        is_met: None without a value or a target.
    """

    label: str
    figure: Indicator
    others: tuple[Indicator, ...]
    before: Indicator | None
    target: str
    is_met: bool | None
    sparkline: Markup

    @property
    def direction(self) -> str:
        """Whether the figure is higher than in the period before: up, down, or empty."""
        before, now = self.before.value if self.before else None, self.figure.value
        if before is None or now is None or before == now:
            return ""
        return "up" if now > before else "down"


@dataclass(frozen=True)
class Group:
    title: str
    rows: list[Row]
    definitions: Mapping[str, str]


def group_kpis(
    figures: Iterable[Indicator], before: Iterable[Indicator], series: KpiSeries, targets: Mapping[str, Any]
) -> list[Group]:
    """Arrange the KPIs of a period in groups.

    Args:
        before: of the period before; empty without one.
        series: by day or month, for the sparklines.
        targets: by name in the settings.
    """
    now, then = {figure.key: figure for figure in figures}, {figure.key: figure for figure in before}
    ends = tuple(key for key in now if key.startswith(ENDED))

    def create_row(key: str) -> Row:
        figure, (target, is_met) = now[key], _compare(now[key], targets)
        label = SPREAD_LABELS.get(key, figure.label)
        others = tuple(now[key.removesuffix(MEDIAN) + end] for end in (P90, MEAN)) if key in SPREAD_LABELS else ()
        return Row(label, figure, others, then.get(key), target, is_met, _draw_course(label, key, series))

    return [
        Group(title, [create_row(key) for key in keys + (ends if title == OUTCOME else ())], DEFINITIONS[title])
        for title, keys in GROUPS.items()
    ]


def _compare(figure: Indicator, targets: Mapping[str, Any]) -> tuple[str, bool | None]:
    """Return the target of a KPI in words, and whether it is met."""
    sides: tuple[tuple[dict[str, str], str, Callable[[float, float], bool]], ...] = (
        (AT_MOST, "at most", lambda value, limit: value <= limit),
        (AT_LEAST, "at least", lambda value, limit: value >= limit),
    )
    for settings, words, is_within in sides:
        target = targets.get(settings.get(figure.key, ""))
        if target is not None:
            limit = target.total_seconds() if isinstance(target, timedelta) else target
            is_met = None if figure.value is None else is_within(figure.value, limit)
            return f"{words} {_format_limit(figure, limit)}", is_met
    return "", None


def _format_limit(figure: Indicator, limit: float) -> str:
    if figure.unit == SECONDS:
        return format_short_duration(limit)
    return f"{limit:.0%}" if figure.unit == SHARE else f"{limit:g}"


def _draw_course(label: str, key: str, series: KpiSeries) -> Markup:
    figures = [found.get(key) for found in series.values()]
    # a day on which no case ended in this way has no figure
    values = [figure.value if figure else 0 for figure in figures]
    measured = [value for value in values if value is not None]
    if len(measured) < 2:
        return Markup("")
    texts = {0: "0"} | {figure.value: format_kpi(figure) for figure in figures if figure and figure.value is not None}
    return draw_sparkline(
        values, f"{label}: from {texts[min(measured)]} to {texts[max(measured)]}, last {texts[measured[-1]]}"
    )
