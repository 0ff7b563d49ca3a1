"""The KPIs in tables by theme, each with its target, the period before, its course and its definition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from kpi.indicator import Indicator
from kpi.indicators import SPREADS
from webapp.staff.formats import format_kpi
from webapp.staff.sparkline import draw_sparkline
from webapp.staff.targets import compute_excess, describe_target, is_met
from webapp.staff.trends import KpiSeries

ENDED = "ended_"
MEDIAN, P90, MEAN = "_median", "_p90", "_mean"
OUTCOME, SPEED, TRACING, SATISFACTION = "Outcome", "Speed", "Contact tracing", "Satisfaction"
WATCH = "Watch at home"
SPREAD_LABELS = {f"{key}{MEDIAN}": label for key, label, _ in SPREADS}
GROUPS = {
    OUTCOME: ("closed", "positive", "negative", "other", "positivity", "confirmed"),
    TRACING: ("with_contacts", "contacts_per_case", "contacts_named", "notified_in_24_h", "secondary"),
    WATCH: ("watched", "watched_to_hospital", "released_on_time"),
    SPEED: tuple(SPREAD_LABELS),
    SATISFACTION: ("mean_feedback", "ratings", "ratings_asked"),
}
OF_THE_MEDIAN = "Half of the cases take at most the median, 9 of 10 the 90th percentile. A target is for the median."
# by key of the KPI
DEFINITIONS = {
    "closed": "Cases with an outcome, on the day of their first end.",
    "positive": "Closed cases with a positive result.",
    "negative": "Closed cases with a negative result.",
    "other": "Closed cases whose result is neither positive nor negative.",
    "positivity": "Positive results, divided by positive and negative ones.",
    "confirmed": "Confirmed by the doctor's report.",
    "cycle_time_median": f"From the request for evaluation to care completed, before the review. {OF_THE_MEDIAN}",
    "sample_to_result_median": f"Until the patient is notified. {OF_THE_MEDIAN}",
    "result_to_report_median": f"Until the patient can read the doctor's report. {OF_THE_MEDIAN}",
    "sample_to_last_contact_median": f"Of cases whose contacts were notified. {OF_THE_MEDIAN}",
    "red_to_call_median": f"Until a doctor has called, on the longest wait of each watched patient. {OF_THE_MEDIAN}",
    "onset_to_result_median": f"Of cases with an onset at most 200 days before. {OF_THE_MEDIAN}",
    "with_contacts": "Divided by all confirmed cases.",
    "contacts_per_case": "Contacts, divided by confirmed cases that named at least one.",
    "contacts_named": "Close contacts whom patients named.",
    "notified_in_24_h": "By message or telephone within 24 h after they were named, divided by all that were named.",
    "secondary": "Confirmed cases that came by a notified contact's link, divided by contacts notified.",
    "watched": "Closed cases whose watch at home has ended: by release, hospital or withdrawal.",
    "watched_to_hospital": "Divided by all cases whose watch has ended.",
    "released_on_time": "On the first day after isolation and fever, divided by all released ones.",
    "mean_feedback": "Mean of the ratings from 1 to 5.",
    "ratings": "Patients who rated CoronaCare.",
    "ratings_asked": "Patients whose care was completed.",
}
# what a manager does next about a missed target, by key of the KPI
ACTIONS = {
    "positivity": "Test more people: many infections aren't found.",
    "sample_to_result_median": "Ask the laboratory what delays its results.",
    "sample_to_last_contact_median": "Ask the contact tracers what delays their calls.",
    "red_to_call_median": "Put more doctors on duty, also at night.",
    "with_contacts": "Ask the contact tracers to call patients who named no one.",
    "contacts_per_case": "Ask the contact tracers to go through the infectious days again with patients.",
    "notified_in_24_h": "Ask the contact tracers what delays their calls.",
    "mean_feedback": "Read the patients' comments in Cockpit.",
}
ENDED_DEFINITION = "Closed cases with this outcome."
# filters of the list of closed cases that shows the cases of a KPI
CASES_OF: dict[str, dict[str, Any]] = {
    "closed": {},
    "positive": {"result": "positive"},
    "negative": {"result": "negative"},
    "other": {"result": "other"},
    "confirmed": {"classification": "confirmed"},
}


@dataclass(frozen=True)
class Row:
    """One KPI; of a duration its median, with the other figures beside it.

    Attributes:
        others: further figures of the same duration: 90th percentile and mean.
        before: over the period before; None without one.
        target: in words; empty if there is none.
        is_met: None without a value or a target.
        cases: filters of the list of closed cases that shows the cases of the KPI; None if there is none.
    """

    key: str
    label: str
    figure: Indicator
    others: tuple[Indicator, ...]
    before: Indicator | None
    target: str
    is_met: bool | None
    sparkline: Markup
    definition: str
    cases: Mapping[str, str] | None

    @property
    def direction(self) -> str:
        """Whether the figure is higher than in the period before: up, down, or empty."""
        before, now = self.before.value if self.before else None, self.figure.value
        if before is None or now is None or before == now:
            return ""
        return "up" if now > before else "down"


@dataclass(frozen=True)
class Table:
    """The KPIs of one theme."""

    title: str
    rows: list[Row]


def arrange_kpis(
    figures: Iterable[Indicator], before: Iterable[Indicator], series: KpiSeries, targets: Mapping[str, Any]
) -> list[Table]:
    """Arrange the KPIs of a period in tables.

    Args:
        before: of the period before; empty without one.
        series: by day or month, for the sparklines.
        targets: by name in the settings.
    """
    now, then = {figure.key: figure for figure in figures}, {figure.key: figure for figure in before}
    ends = tuple(key for key in now if key.startswith(ENDED))

    def create_row(key: str) -> Row:
        figure, label = now[key], SPREAD_LABELS.get(key, now[key].label)
        return Row(
            key,
            label,
            figure,
            tuple(now[key.removesuffix(MEDIAN) + end] for end in (P90, MEAN)) if key in SPREAD_LABELS else (),
            then.get(key),
            describe_target(figure, targets),
            is_met(figure, targets),
            _draw_course(label, key, series),
            DEFINITIONS.get(key, ENDED_DEFINITION),
            {"outcome": key.removeprefix(ENDED)} if key in ends else CASES_OF.get(key),
        )

    return [
        Table(title, [create_row(key) for key in keys + (ends if title == OUTCOME else ())])
        for title, keys in GROUPS.items()
    ]


@dataclass(frozen=True)
class Missed:
    """A KPI that misses its target: its key and group, and in words the figure, its target, and the next step."""

    key: str
    group: str
    figure: str
    target: str
    action: str


def list_missed(figures: Iterable[Indicator], targets: Mapping[str, Any]) -> list[Missed] | None:
    """Return the KPIs that miss their targets, the farthest from it first; None if none has a target and a value."""
    compared = [figure for figure in figures if is_met(figure, targets) is not None]
    if not compared:
        return None
    missed = [figure for figure in compared if not is_met(figure, targets)]
    return [
        Missed(
            figure.key,
            next(title for title, keys in GROUPS.items() if figure.key in keys),
            f"{SPREAD_LABELS.get(figure.key, figure.label)}: {format_kpi(figure)}",
            describe_target(figure, targets),
            ACTIONS[figure.key],
        )
        for figure in sorted(missed, key=lambda figure: -compute_excess(figure, targets))
    ]


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
