"""The figures, against plain arithmetic; what is none yet; what is recorded twice or in pieces."""

from datetime import UTC, datetime, timedelta

import pytest

from records.kpis import CaseRow, KpiRows, kpis

NOON = datetime(2020, 3, 20, 12, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("records")


def record(number: int, **known: object) -> None:
    KpiRows().record(f"C-{number}", **known)


def test_over_no_cases_every_figure_is_none_yet() -> None:
    none_yet = kpis()
    assert none_yet.closed == 0
    assert (none_yet.positivity, none_yet.mean_feedback, none_yet.cycle_time) == (None, None, None)


def test_the_pilots_cycle_time() -> None:
    """33 rows whose times are data give the slides' 53 min 13 s."""
    mean = timedelta(minutes=53, seconds=13)
    for number in range(33):
        # spread around the mean, evenly
        took = mean + timedelta(seconds=(number - 16) * 60)
        record(number, outcome="care_completed", evaluation_requested_at=NOON, care_completed_at=NOON + took)
    found = kpis().cycle_time
    assert found.count == 33
    assert found.mean_s == pytest.approx(53 * 60 + 13)
    assert found.median_s == pytest.approx(53 * 60 + 13)
    assert found.p90_s == pytest.approx(mean.total_seconds() + 12.8 * 60)


def test_the_pilots_feedback() -> None:
    ratings = [5] * 22 + [4] * 7 + [3] * 2 + [1]
    for number, rating in enumerate([*ratings, None]):
        record(number, outcome="care_completed", care_completed_at=NOON, rating=rating)
    found = kpis()
    assert (found.ratings, found.ratings_asked) == (32, 33)
    assert f"{found.mean_feedback:.2f}" == "4.53"


def test_positivity_counts_conclusive_results_only() -> None:
    for number, result in enumerate(["positive", "negative", "negative", "negative", "indeterminate"]):
        record(number, outcome="care_completed", result=result)
    found = kpis()
    assert (found.positive, found.negative, found.other, found.positivity) == (1, 3, 1, 0.25)


def test_a_case_that_ended_early_has_no_cycle_time() -> None:
    record(1, outcome="evaluation_declined")
    record(2, outcome="care_completed", evaluation_requested_at=NOON, care_completed_at=NOON + timedelta(hours=1))
    found = kpis()
    assert found.outcomes == {"evaluation_declined": 1, "care_completed": 1}
    assert (found.cycle_time.count, found.cycle_time.mean_s, found.cycle_time.p90_s) == (1, 3600, 3600)


def test_an_open_case_counts_nowhere() -> None:
    record(1, result="positive", result_told_at=NOON)
    assert (kpis().closed, kpis().positive) == (0, 0)


def test_a_row_recorded_twice_counts_once() -> None:
    for _ in range(2):
        record(1, outcome="care_completed", result="positive")
    assert (CaseRow.select().count(), kpis().positive) == (1, 1)


def test_what_is_not_known_now_leaves_what_was_recorded() -> None:
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


def test_a_period_is_from_and_before() -> None:
    record(1, outcome="care_completed")
    now = datetime.now(UTC)
    minute = timedelta(minutes=1)
    assert kpis(since=now - minute, until=now + minute).closed == 1
    assert kpis(until=now - minute).closed == 0
    assert kpis(since=now + minute).closed == 0


def test_a_correction_replaces_the_row_but_for_the_day_on_which_it_closed(records: None) -> None:
    rows = KpiRows()
    rows.record("C-1", outcome="care_completed", result="positive", classification="confirmed", rating=4)
    closed_at = CaseRow.get().closed_at
    rows.record("C-1", 1, result="negative")
    row = CaseRow.get()
    assert (row.outcome, row.result, row.classification, row.rating) == (None, "negative", None, None)
    assert row.closed_at == closed_at
    # what comes later of the same correction adds to it
    rows.record("C-1", 1, outcome="care_completed", classification="not_a_case")
    row = CaseRow.get()
    assert (row.result, row.classification, row.closed_at) == ("negative", "not_a_case", closed_at)


def test_what_is_recorded_late_by_the_case_before_its_correction_is_not_counted(records: None) -> None:
    rows = KpiRows()
    rows.record("C-1", 1, result="negative")
    rows.record("C-1", 0, result="positive", rating=5)
    assert (CaseRow.get().result, CaseRow.get().rating) == ("negative", None)
