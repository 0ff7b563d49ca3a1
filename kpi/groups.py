"""KPIs over one group of the cases: those with one outcome or age group, or that came in one way.

They are computed from the rows, because the tallies don't tell groups apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, tzinfo

from kpi.days import day_of
from kpi.indicator import Indicator
from kpi.indicators import compute_from_sums, increments_of
from kpi.rows import AS_CONTACT, BY_THEMSELVES, UNKNOWN_AGE, CaseRow, select_closed
from kpi.tallies import ALL, Sums
from records.database import database

OUTCOME, WAY, AGE = "outcome", "way", "age"
# the group of a row, by dimension
DIMENSIONS: dict[str, Callable[[CaseRow], str]] = {
    OUTCOME: lambda row: row.outcome or "",
    WAY: lambda row: AS_CONTACT if row.came_as_contact else BY_THEMSELVES,
    AGE: lambda row: row.age_group or UNKNOWN_AGE,
}
# of a period and the one before, each; 20,000 rows take about a second
MAX_CASES = 20_000

# by group; of each its sums by day or month, and over all days (ALL)
GroupSums = Mapping[str, Mapping[str, Sums]]


@dataclass(frozen=True)
class Group:
    """The cases with one value of a dimension, such as OUTCOME."""

    dimension: str
    value: str


def load_groups(
    dimension: str, first: date | None, last: date | None, spans: list[str], invented: bool = False, zone: tzinfo = UTC
) -> GroupSums:
    """Load the sums of each group over the cases that closed in a period, at most MAX_CASES.

    Args:
        spans: days or months of the period.
        invented: include invented cases.
        zone: time zone of the days.
    """
    with database.connection_context():
        rows = list(select_closed(first, last, invented, zone))
    found: dict[str, dict[str, list[tuple[str, str, int, int]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        assert row.closed_at, "set together with the outcome"
        own = [(figure, bucket, 1, value) for figure, bucket, value in increments_of(row, zone)]
        of_group = found[DIMENSIONS[dimension](row)]
        day = str(day_of(row.closed_at, zone))
        for span in {day, day[: len("YYYY-MM")]}.intersection(spans) | {ALL}:
            of_group[span].extend(own)
    return {group: {span: Sums(by_span[span]) for span in (*spans, ALL)} for group, by_span in found.items()}


def compute_group(groups: GroupSums, value: str, span: str, below: int) -> list[Indicator]:
    """Compute the KPIs of one group over a day or month, or all days (ALL).

    If a KPI is suppressed in one group alone, that of a second group is suppressed, too: otherwise the KPI over all
    cases minus those of the other groups would be the suppressed one.
    """
    figures = {name: {each.key: each for each in compute_from_sums(sums[span], below)} for name, sums in groups.items()}
    own = figures.get(value) or {each.key: each for each in compute_from_sums(Sums(), below)}
    return [
        replace(each, value=None, hidden=True) if _find_second(figures, key) == value else each
        for key, each in own.items()
    ]


def _find_second(figures: Mapping[str, Mapping[str, Indicator]], key: str) -> str | None:
    """Return the group that must be suppressed besides a single one; None if there is no single one."""
    known = {name: each[key] for name, each in figures.items() if key in each and each[key].over}
    hidden = [name for name, each in known.items() if each.hidden]
    others = [name for name in known if name not in hidden]
    if len(hidden) != 1 or not others:
        return None
    return min(others, key=lambda name: (known[name].over, name))
