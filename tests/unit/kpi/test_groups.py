"""KPIs of one group of cases: equal to those over its rows, and suppressed so that none can be derived."""

from __future__ import annotations

from datetime import date

import pytest

from kpi.groups import AGE, OUTCOME, WAY, compute_group, load_groups
from kpi.indicators import compute_kpis
from kpi.rows import UNKNOWN_AGE, KpiRows, find_age_group
from kpi.tallies import ALL

pytestmark = pytest.mark.usefixtures("records")
MINIMUM = 5
TOO_FEW = "too few to tell"


def record(count: int, monkeypatch: pytest.MonkeyPatch, day: int = 1, **values: object) -> None:
    """Record closed cases of a day."""
    monkeypatch.setattr("kpi.rows._now", lambda: f"2020-03-{day:02}T12:00:00.000+00:00")
    for number in range(count):
        KpiRows().record(f"C-{day}-{'-'.join(map(str, values.values()))}-{number}", **values)


def figures(dimension: str, value: str, below: int = 0, span: str = ALL) -> dict[str, str]:
    groups = load_groups(dimension, date(2020, 3, 1), date(2020, 3, 31), ["2020-03-01", "2020-03-02"])
    return {figure.key: figure.text for figure in compute_group(groups, value, span, below)}


def test_the_kpis_of_groups_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    record(3, monkeypatch, outcome="care_completed", result="positive", came_as_contact=True)
    record(4, monkeypatch, day=2, outcome="care_completed", result="negative")
    record(2, monkeypatch, outcome="withdrawn")
    assert {value: figures(OUTCOME, value)["closed"] for value in ("care_completed", "withdrawn", "physician")} == {
        "care_completed": "7",
        "withdrawn": "2",
        "physician": "0",
    }
    assert {value: figures(WAY, value)["closed"] for value in ("contact", "self")} == {"contact": "3", "self": "6"}
    assert figures(OUTCOME, "care_completed", span="2020-03-02")["negative"] == "4"
    assert figures(OUTCOME, "care_completed", span="2020-03-01")["negative"] == "0"


def test_an_age_group_is_told_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    record(3, monkeypatch, outcome="withdrawn", age_group="15-24")
    record(2, monkeypatch, outcome="withdrawn", age_group="80+")
    record(4, monkeypatch, outcome="withdrawn")
    closed = {value: figures(AGE, value)["closed"] for value in ("15-24", "80+", "25-49", UNKNOWN_AGE)}
    assert closed == {"15-24": "3", "80+": "2", "25-49": "0", UNKNOWN_AGE: "4"}


@pytest.mark.parametrize(
    ("age", "group"), [(0, "0-14"), (14, "0-14"), (15, "15-24"), (24, "15-24"), (80, "80+"), (120, "80+"), (None, None)]
)
def test_the_group_of_an_age(age: int | None, group: str | None) -> None:
    assert find_age_group(age) == group


def test_a_group_with_all_cases_has_the_kpis_of_all_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    record(6, monkeypatch, outcome="care_completed", result="positive", rating=4, classification="confirmed")
    assert figures(OUTCOME, "care_completed") == {each.key: each.text for each in compute_kpis()}


def test_what_a_small_group_lacks_can_not_be_derived_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    record(40, monkeypatch, outcome="care_completed")
    record(9, monkeypatch, outcome="physician")
    record(3, monkeypatch, outcome="withdrawn")
    closed = {
        value: figures(OUTCOME, value, MINIMUM)["closed"] for value in ("care_completed", "physician", "withdrawn")
    }
    # 52 in all, minus 40 and 9, would be the 3
    assert closed == {"care_completed": "40", "physician": TOO_FEW, "withdrawn": TOO_FEW}


def test_two_small_groups_hide_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    record(40, monkeypatch, outcome="care_completed")
    record(3, monkeypatch, outcome="physician")
    record(3, monkeypatch, outcome="withdrawn")
    assert figures(OUTCOME, "care_completed", MINIMUM)["closed"] == "40"
