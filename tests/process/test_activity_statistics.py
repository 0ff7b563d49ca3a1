"""The engine's own statistics of activity instances (engine/…/ActivityStatistics.java), compared with its REST API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from camunda7.engine import EngineRefused
from camunda7.variables import ENGINE_TIME
from processes.elements import UserTask
from tests.support.case import CaseUnderTest

pytestmark = [pytest.mark.engine, pytest.mark.serial]
VISIT, NOWHERE = UserTask.VISIT_PATIENT, "Task_OfNoDiagram"


def list_visits(case: CaseUnderTest) -> list[dict[str, Any]]:
    """The visits that are due, the oldest first."""
    query = {"activityId": VISIT, "unfinished": True, "sorting": [{"sortBy": "startTime", "sortOrder": "asc"}]}
    return case.admin.post("/history/activity-instance", query)


def parse(time: str) -> datetime:
    return datetime.strptime(time, ENGINE_TIME)


def test_running_activities_are_counted_with_the_oldest_and_the_median(state: dict[str, Any]) -> None:
    # given
    cases = [CaseUnderTest(state) for _ in range(3)]
    for case in cases:
        case.reach_visit()
    # then
    found, rows = cases[0].admin.measure_activities([VISIT, NOWHERE]), list_visits(cases[0])
    assert list(found) == [VISIT]
    visits = found[VISIT]
    assert (visits.count, visits.first) == (len(rows), rows[0]["processInstanceId"])
    assert visits.oldest == parse(rows[0]["startTime"])
    assert visits.median == parse(rows[(len(rows) - 1) // 2]["startTime"])
    assert cases[0].admin.measure_activities([]) == {}


def test_past_activities_are_those_that_had_started_and_not_ended(case: CaseUnderTest) -> None:
    # given a visit that has ended
    before = datetime.now(UTC)
    case.reach_visit()
    during = datetime.now(UTC)
    count = len(list_visits(case))
    case.record_visit()
    case.wait_until_at("Task_WaitForTestResult")
    after = datetime.now(UTC)
    # then
    times = [before - timedelta(days=3650), before, during, after]
    counts = case.admin.count_past_activities([VISIT, NOWHERE], times)
    assert counts == {VISIT: [0, count - 1, count, count - 1], NOWHERE: [0, 0, 0, 0]}
    assert case.admin.count_past_activities([VISIT], []) == {VISIT: []}


def test_overdue_activities_are_counted_and_the_oldest_listed(state: dict[str, Any]) -> None:
    # given
    cases = [CaseUnderTest(state) for _ in range(3)]
    for case in cases:
        case.reach_visit()
    # then
    rows = list_visits(cases[0])
    limit = parse(rows[-2]["startTime"])
    count, oldest = cases[0].admin.find_overdue_activities(VISIT, limit, 2)
    assert count == len(rows) - 1
    assert oldest == [(row["processInstanceId"], parse(row["startTime"])) for row in rows[:2]]
    assert cases[0].admin.find_overdue_activities(NOWHERE, limit, 2) == (0, [])


def test_a_wait_may_be_measured_from_the_start_of_its_process_instance(case: CaseUnderTest) -> None:
    case.reach_visit()
    rows = {row["processInstanceId"] for row in list_visits(case)}
    instances = case.admin.post("/history/process-instance", {"processInstanceIds": list(rows)})
    starts = sorted(parse(row["startTime"]) for row in instances)
    # when
    found = case.admin.measure_activities([VISIT], since_instance=True)[VISIT]
    count, [(first, start)] = case.admin.find_overdue_activities(VISIT, starts[-1], 1, since_instance=True)
    # then
    assert (found.count, found.oldest, found.median) == (len(rows), starts[0], starts[(len(starts) - 1) // 2])
    assert (count, start, first) == (len(rows), starts[0], found.first)
    assert starts[0] < min(parse(row["startTime"]) for row in list_visits(case))


def test_versions_with_instances_are_told_from_those_without(case: CaseUnderTest) -> None:
    case.reach_visit()
    counts = {row["id"]: row["instances"] for row in case.admin.get("/process-definition/statistics")}
    found = case.admin.list_running_versions()
    assert sorted(found) == sorted(version for version, count in counts.items() if count)
    assert len(found) >= 2


def test_a_list_of_versions_is_read_without_parsing_their_diagrams(case: CaseUnderTest) -> None:
    """A description is in the diagram; the engine would parse all versions for it, and keep a page waiting."""
    descriptions = {row["description"] for row in case.admin.get("/process-definition", key="corona_care")}
    assert descriptions == {None}


def test_only_who_may_read_the_history_may_ask(case: CaseUnderTest) -> None:
    case.engine_as("process_manager").measure_activities([VISIT])
    for account in ("doctor", "contact_tracer"):
        with pytest.raises(EngineRefused) as refused:
            case.engine_as(account).measure_activities([VISIT])
        assert refused.value.status == 403


@pytest.mark.parametrize(
    ("what", "query"),
    [
        ("running", {}),
        ("running", {"steps": [None]}),
        ("running", {"steps": ["a"] * 1001}),
        ("past", {"steps": [VISIT]}),
        ("overdue", {"step": VISIT, "before": 0}),
        ("overdue", {"step": VISIT, "before": 0, "limit": 101}),
        ("past", {"steps": [VISIT], "times": [0] * 101}),
    ],
)
def test_malformed_questions_are_refused(case: CaseUnderTest, what: str, query: dict[str, Any]) -> None:
    with pytest.raises(EngineRefused) as refused:
        case.admin.post(f"/coronacare/activity-statistics/{what}", query)
    assert refused.value.status == 400
