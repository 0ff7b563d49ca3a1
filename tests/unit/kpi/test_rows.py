"""KPIs of recorded cases: known examples, no cases, rows that are recorded twice, in pieces or corrected."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kpi.groups import WAY, load_groups
from kpi.indicator import COUNT
from kpi.indicators import compute_kpis
from kpi.rows import CaseRow, KpiRows, list_closed_cases, rebuild, select_closed

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2020, 3, 20, 12, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("records")


def figures(*period: date | None) -> dict[str, float | None]:
    return {figure.key: figure.value for figure in compute_kpis(*period)}


def record(number: int, **values: object) -> None:
    KpiRows().record(f"C-{number}", **values)


def test_without_cases_counts_are_zero_and_other_kpis_are_none_yet() -> None:
    none_yet = compute_kpis()
    assert {figure.value for figure in none_yet if figure.unit == COUNT} == {0}
    assert {figure.text for figure in none_yet if figure.unit != COUNT} == {"none yet"}


def test_the_pilots_cycle_time() -> None:
    """33 rows whose times are data give the slides' 53 min 13 s."""
    mean = timedelta(minutes=53, seconds=13)
    for number in range(33):
        # evenly spread around the mean
        duration = mean + timedelta(seconds=(number - 16) * 60)
        record(number, outcome="care_completed", evaluation_requested_at=NOON, care_completed_at=NOON + duration)
    found = {figure.key: figure for figure in compute_kpis()}
    assert (found["cycle_time_mean"].text, found["cycle_time_mean"].over) == ("53 min 13 s", 33)
    # quantiles are read from buckets of 4 %, so they are exact to 2 %
    assert found["cycle_time_median"].value == pytest.approx(53 * 60 + 13, rel=0.02)
    assert found["cycle_time_p90"].value == pytest.approx(mean.total_seconds() + 12.8 * 60, rel=0.02)


def test_the_pilots_feedback() -> None:
    ratings = [5] * 22 + [4] * 7 + [3] * 2 + [1]
    for number, rating in enumerate([*ratings, None]):
        record(number, outcome="care_completed", care_completed_at=NOON, rating=rating)
    found = {figure.key: figure.text for figure in compute_kpis()}
    assert (found["ratings"], found["ratings_asked"], found["mean_feedback"]) == ("32", "33", "4.53")


def test_positivity_counts_conclusive_results_only() -> None:
    for number, result in enumerate(["positive", "negative", "negative", "negative", "indeterminate"]):
        record(number, outcome="care_completed", result=result)
    found = figures()
    assert [found[name] for name in ("positive", "negative", "other", "positivity")] == [1, 3, 1, 0.25]


def test_a_case_that_ended_early_has_no_cycle_time() -> None:
    record(1, outcome="evaluation_declined")
    record(2, outcome="care_completed", evaluation_requested_at=NOON, care_completed_at=NOON + timedelta(hours=1))
    found = {figure.key: figure for figure in compute_kpis()}
    assert (found["closed"].value, found["ended_evaluation_declined"].value, found["ended_care_completed"].value) == (
        2,
        1,
        1,
    )
    assert (found["cycle_time_mean"].over, found["cycle_time_mean"].value) == (1, 3600)
    assert found["cycle_time_p90"].value == pytest.approx(3600, rel=0.02)


def test_an_open_case_is_in_no_kpi() -> None:
    record(1, result="positive", result_told_at=NOON)
    assert (figures()["closed"], figures()["positive"]) == (0, 0)


def test_a_row_recorded_twice_counts_once() -> None:
    for _ in range(2):
        record(1, outcome="care_completed", result="positive")
    assert (CaseRow.select().count(), figures()["positive"]) == (1, 1)


def test_a_missing_value_does_not_overwrite_a_recorded_one() -> None:
    record(1, outcome="care_completed", result="positive", contacts_named=None)
    record(1, outcome=None, result="positive", contacts_named=3)
    row = CaseRow.get()
    assert (row.outcome, row.contacts_named) == ("care_completed", 3)


def test_a_case_closes_once_whatever_is_recorded_later() -> None:
    record(1, outcome="care_completed")
    closed_at = CaseRow.get().closed_at
    record(1, outcome="care_completed", rating=5)
    record(1, contacts_named=2)
    assert CaseRow.get().closed_at == closed_at
    assert CaseRow.get().recorded_at >= closed_at


def test_a_period_is_from_its_first_to_its_last_day() -> None:
    record(1, outcome="care_completed")
    today, day = datetime.now(UTC).date(), timedelta(days=1)
    assert figures(today, today)["closed"] == 1
    assert figures(None, today - day)["closed"] == 0
    assert figures(today + day, None)["closed"] == 0
    assert figures(today + day, today - day)["closed"] == 0


def test_a_correction_replaces_the_row_except_for_its_closing_day(records: None) -> None:
    rows = KpiRows()
    rows.record("C-1", outcome="care_completed", result="positive", classification="confirmed", rating=4)
    closed_at = CaseRow.get().closed_at
    rows.record("C-1", 1, result="negative")
    row = CaseRow.get()
    assert (row.outcome, row.result, row.classification, row.rating) == (None, "negative", None, None)
    assert row.closed_at == closed_at
    # later values of the same correction are added
    rows.record("C-1", 1, outcome="care_completed", classification="not_a_case")
    row = CaseRow.get()
    assert (row.result, row.classification, row.closed_at) == ("negative", "not_a_case", closed_at)


def test_a_late_record_of_the_case_before_its_correction_is_ignored(records: None) -> None:
    rows = KpiRows()
    rows.record("C-1", 1, result="negative")
    rows.record("C-1", 0, result="positive", rating=5)
    assert (CaseRow.get().result, CaseRow.get().rating) == ("negative", None)


def test_closed_cases_are_listed_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    # some cases are closed at the same moment
    for number in range(7):
        monkeypatch.setattr("kpi.rows._now", lambda day=number // 3 + 1: f"2020-03-0{day}T12:00:00.000+00:00")
        record(number, outcome="withdrawn" if number == 5 else "care_completed")
    record(8, result="positive")

    def references(first: date | None, last: date | None, **filters: str) -> list[list[str]]:
        found, after = [], None
        while rows := list_closed_cases(select_closed(first, last, **filters), after, 2):
            found.append([row.case_reference for row in rows])
            after = rows[-1].id
        return found

    assert references(None, None) == [["C-6", "C-5"], ["C-4", "C-3"], ["C-2", "C-1"], ["C-0"]]
    assert references(date(2020, 3, 2), date(2020, 3, 2)) == [["C-5", "C-4"], ["C-3"]]
    assert references(None, date.max, outcome="withdrawn") == [["C-5"]]
    assert references(date(2020, 3, 4), None) == []


@pytest.mark.parametrize(
    ("filters", "references"),
    [
        ({"result": "positive"}, {"C-1"}),
        ({"result": "other"}, {"C-3"}),
        ({"classification": "confirmed"}, {"C-1"}),
        ({"way": "contact"}, {"C-1"}),
        ({"way": "self"}, {"C-2", "C-3", "C-4"}),
        ({"way": "self", "result": "negative"}, {"C-2"}),
    ],
)
def test_closed_cases_are_filtered(records: None, filters: dict[str, str], references: set[str]) -> None:
    known: list[dict[str, Any]] = [
        {"result": "positive", "classification": "confirmed", "came_as_contact": True},
        {"result": "negative", "came_as_contact": False},
        {"result": "indeterminate"},
        {},
    ]
    for number, values in enumerate(known, 1):
        record(number, outcome="care_completed", **values)
    rows = list_closed_cases(select_closed(None, None, **filters), None, 10)
    assert {row.case_reference for row in rows} == references


@pytest.mark.parametrize(
    ("onset", "days"),
    [
        ("2020-03-17", 3),
        ("2020-03-20", 0),
        ("2020-03-21", None),
        ("2020-03-22", None),
        ("2020-05-29", None),
        ("9999-12-31", None),
        ("1920-03-17", None),
        ("0001-01-01", None),
    ],
)
def test_an_implausible_onset_changes_no_mean(onset: str, days: int | None) -> None:
    record(1, outcome="care_completed", onset_date=onset, result_told_at=NOON)
    assert figures()["onset_to_result_mean"] == days


def test_days_are_those_of_the_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a case that closes, and gets its result, at half past midnight in Berlin
    late = datetime(2020, 3, 20, 23, 30, tzinfo=UTC)
    monkeypatch.setattr("kpi.rows._now", lambda: late.isoformat(timespec="milliseconds"))
    rows, day = KpiRows(BERLIN), date(2020, 3, 21)
    rows.record("C-1", outcome="care_completed", onset_date="2020-03-21", result_told_at=late)
    # then it counts on that day
    found = figures(day, day)
    assert (found["closed"], found["onset_to_result_mean"]) == (1, 0)
    assert rebuild(BERLIN)
    # and the lists have it on that day
    for before, count in ((timedelta(0), 1), (timedelta(days=1), 0)):
        listed = select_closed(day - before, day - before, zone=BERLIN)
        assert len(list_closed_cases(listed, None, 10)) == count
    [sums] = load_groups(WAY, day, day, ["2020-03-21"], zone=BERLIN).values()
    assert sums["2020-03-21"].sum_of("outcome").cases == 1
    # a rebuild moves it to the day of another zone
    assert not rebuild()
    assert (figures(day, day)["closed"], figures(date.min, day - timedelta(days=1))["closed"]) == (0, 1)


@pytest.mark.parametrize("zone", [BERLIN, ZoneInfo("America/Lima")])
def test_the_first_and_last_days_of_the_calendar_are_days_in_any_zone(zone: ZoneInfo) -> None:
    record(1, outcome="care_completed")
    assert len(list_closed_cases(select_closed(date.min, date.max, zone=zone), None, 10)) == 1
