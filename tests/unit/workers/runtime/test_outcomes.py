from __future__ import annotations

from typing import Any

import pytest

from processes.engine import EngineRefused, EngineUnavailable
from workers.runtime import Faulty, Refusal, Retry, Unavailable, topic
from workers.runtime.outcomes import Report, failure_of, outcome_of
from workers.runtime.retry import OUTAGE_PAUSE_S
from workers.runtime.tasks import Task


def task(retries: int | None = None) -> Task:
    return Task(
        {"id": "1", "topicName": "lab.order_test", "businessKey": "C-1", "retries": retries, "variables": {}}, 0
    )


def failed(error: Exception, retries: int | None = None, outages: tuple[type[Exception], ...] = ()) -> Report:
    @topic("lab.order_test", retry=Retry(attempts=3, first="20s", most="40s"))
    def order_test() -> None:
        raise error

    report = outcome_of(task(retries), order_test.handler, {}, outages)
    assert report
    assert report.method == "failure"
    return report


def left_of(report: Report) -> Any:
    return report.arguments[2]


@pytest.mark.parametrize("error", [Unavailable("lab: 503"), EngineUnavailable("GET /task: 503"), OSError("disk full")])
def test_while_what_it_calls_is_away_a_task_uses_up_no_attempt_and_comes_back_within_seconds(error: Exception) -> None:
    reports = [failed(error, retries, (OSError,)) for retries in (None, 3, 1) for _ in range(50)]
    assert {left_of(report) for report in reports[:100]} == {3}
    assert {left_of(report) for report in reports[100:]} == {1}
    pauses = [report.due_in_s for report in reports]
    assert OUTAGE_PAUSE_S[0] <= min(pauses) < max(pauses) <= OUTAGE_PAUSE_S[1]
    assert max(pauses) > OUTAGE_PAUSE_S[1] - 1


@pytest.mark.parametrize(
    "error", [Faulty("lab: 500"), OSError("x"), EngineRefused("GET /task", 400, "X"), KeyError("x")]
)
def test_other_failures_are_counted_down(error: Exception) -> None:
    assert [left_of(failed(error, retries)) for retries in (None, 3, 2, 1)] == [2, 2, 1, 0]
    assert failed(error, 1).due_in_s is None


def test_a_refusal_is_final() -> None:
    assert left_of(failed(Refusal("lab answered 400"), 3)) == 0


def test_only_errors_that_speak_without_data_are_quoted() -> None:
    assert failed(Faulty("lab: 500")).arguments[0] == "Faulty: lab: 500"
    assert failed(Unavailable("lab: 503")).arguments[0] == "Unavailable: lab: 503"
    assert failed(ValueError("Ada Lovelace")).arguments[0] == "ValueError"


def test_a_pause_grows_with_each_failure() -> None:
    @topic("lab.order_test", retry=Retry(attempts=9, first="1s", most="1h"))
    def order_test() -> None: ...

    longest = [
        max(failure_of(task(retries), order_test.handler, ValueError()).due_in_s for _ in range(300))
        for retries in (9, 8, 7, 6)
    ]
    assert [round(each) for each in longest] == [1, 2, 4, 8]
