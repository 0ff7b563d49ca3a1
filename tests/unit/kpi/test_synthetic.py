"""The invented history of the demo: plausible, reproducible, marked, and in KPIs on request only."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest

from kpi.indicators import compute_kpis
from kpi.rows import CaseRow, KpiRows, list_closed_cases, rebuild, select_closed
from kpi.synthetic import cases, count_waiting, count_weeks, invent
from kpi.tallies import InventedTally, Tally
from kpi.waits import RESULT, _expected, forecast_wait

pytestmark = pytest.mark.usefixtures("records")
TODAY = date(2024, 3, 1)
WEEKS = 6
# moments of a case in their order
MOMENTS = (
    "evaluation_requested_at",
    "sample_taken_at",
    "result_told_at",
    "report_published_at",
    "care_completed_at",
    "closed_at",
)


def record(count: int = 3) -> None:
    """Record cases whose results took an hour."""
    sampled, result_told = (datetime.fromisoformat(f"2024-03-01T{hour}:00:00+00:00") for hour in ("10", "11"))
    for number in range(count):
        KpiRows().record(
            f"C-{number}",
            outcome="care_completed",
            result="positive",
            sample_taken_at=sampled,
            result_told_at=result_told,
        )


def values(invented: bool = False) -> dict[str, float | None]:
    return {figure.key: figure.value for figure in compute_kpis(invented=invented)}


def test_invented_cases_are_reproducible() -> None:
    assert list(cases(WEEKS, TODAY)) == list(cases(WEEKS, TODAY))
    assert invent(WEEKS, TODAY) == invent(WEEKS, TODAY) == CaseRow.select().count()


@pytest.mark.parametrize("weeks", [1, 6, pytest.param(52, marks=pytest.mark.verify)])
def test_invented_cases_close_on_each_day_of_the_weeks_until_yesterday(weeks: int) -> None:
    found = {row["closed_at"][:10] for row in cases(weeks, TODAY)}
    assert found == {str(TODAY - timedelta(days=day + 1)) for day in range(7 * weeks)}
    invent(weeks, TODAY)
    assert count_weeks() == weeks


def test_each_invented_case_is_marked_and_its_moments_are_in_order() -> None:
    for row in cases(WEEKS, TODAY):
        assert row["invented"] is True
        moments = [row[name] for name in MOMENTS if row[name]]
        assert moments == sorted(moments)
        assert row["outcome"] == "care_completed" or row["result"] is None
        assert (
            (row["contacts_notified_in_24_h"] or 0) <= (row["contacts_notified"] or 0) <= (row["contacts_named"] or 0)
        )


def test_invented_cases_are_a_plausible_outbreak() -> None:
    rows = list(cases(WEEKS, TODAY))
    by_week = Counter((TODAY - date.fromisoformat(row["closed_at"][:10])).days // 7 for row in rows)
    # the wave has risen and passed its peak
    assert by_week[5] < by_week[3] < by_week[1] > by_week[0]
    by_weekday = Counter(date.fromisoformat(row["closed_at"][:10]).weekday() for row in rows)
    assert by_weekday[6] < min(by_weekday[day] for day in range(5))
    invent(WEEKS, TODAY)
    found = values(invented=True)
    bounds = {
        "closed": (600, 1000),
        "positivity": (0.15, 0.35),
        "mean_feedback": (4, 4.7),
        "cycle_time_median": (36 * 3600, 72 * 3600),
        "sample_to_result_median": (22 * 3600, 40 * 3600),
        "result_to_report_median": (2 * 3600, 10 * 3600),
        "onset_to_result_mean": (2, 6),
        "with_contacts": (0.7, 0.9),
        "contacts_per_case": (2, 6),
        "notified_in_24_h": (0.8, 0.95),
    }
    assert {key: found[key] for key, (low, high) in bounds.items() if not low <= (found[key] or 0) <= high} == {}


def test_kpis_waits_and_lists_include_invented_cases_on_request_only() -> None:
    record(6)
    before, wait = values(), forecast_wait(RESULT)
    count = invent(WEEKS, TODAY)
    _expected.cache_clear()
    assert wait is not None
    assert (values(), forecast_wait(RESULT)) == (before, wait)
    assert values(invented=True)["closed"] == 6 + count
    recorded = list_closed_cases(select_closed(None, None), None, 5000)
    assert {row.case_reference for row in recorded} == {f"C-{n}" for n in range(6)}
    assert len(list_closed_cases(select_closed(None, None, invented=True), None, 5000)) == 6 + count


def test_zero_weeks_delete_invented_cases_only() -> None:
    record()
    before = values()
    invent(WEEKS, TODAY)
    assert invent(0, TODAY) == 0
    assert (count_weeks(), InventedTally.select().count(), CaseRow.select().count()) == (0, 0, 3)
    assert values(invented=True) == values() == before


def test_rebuilding_keeps_recorded_and_invented_tallies_correct() -> None:
    record()
    invent(WEEKS, TODAY)
    both = values(invented=True)
    assert rebuild()
    Tally.delete().execute()
    assert not rebuild()
    assert values(invented=True) == both


def test_the_number_of_invented_cases_in_a_stage_at_a_time() -> None:
    invent(WEEKS, TODAY)
    record()
    at = datetime.combine(TODAY - timedelta(days=7), time(), UTC)
    rows = [row for row in cases(WEEKS, TODAY) if row["sample_taken_at"]]
    expected = [row for row in rows if row["sample_taken_at"] <= at.isoformat() < row["result_told_at"]]
    assert expected
    assert count_waiting(RESULT, [at, datetime.combine(TODAY, time(), UTC)]) == [len(expected), 0]
