"""What a handler's end means to the engine."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from camunda.external_task.external_task import ExternalTask, TaskResult

from camunda7.engine import EngineRefused, EngineUnavailable
from camunda7.outages import Outage
from camunda7.worker import BpmnError, Cancelled, Context, Faulty, Refusal, Retry, Unavailable, topic
from camunda7.worker.outcomes import RETRY_DUE, UNLOCK, Report, create_failure_report, run_handler
from camunda7.worker.tasks import Task
from processes.errors import KitShortage

RETRY = Retry(attempts=3, first="20s", most="1h")
ERRORS = (KitShortage,)


@pytest.fixture(autouse=True)
def _longest_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda least, most: most)


def task(retries: int | None = None, **fields: Any) -> Task:
    raw = {"id": "1", "topicName": "lab.order_test", "businessKey": "C-1", "retries": retries, "variables": {}}
    return Task(raw | fields, 0)


def ended(function: Callable[..., Any], given: Task | None = None, **resources: Any) -> Report | None:
    handler = topic("lab.order_test", retry=RETRY, occurrence="sample_number", errors=ERRORS)(function).handler
    return run_handler(given or task(), handler, resources, outage(), (OSError,))


def outage() -> Outage:
    return Outage("lab.order_test", logging.getLogger("tests"), first_s=5)


def failed(error: BaseException, retries: int | None = None, **fields: Any) -> Report:
    def order_test() -> None:
        raise error

    report = ended(order_test, task(retries, **fields))
    assert report
    assert report.method == "failure"
    return report


def left_of(report: Report) -> Any:
    return report.arguments[2]


def test_what_is_returned_is_written_back() -> None:
    variables = {"sample_barcode": {"type": "String", "value": "A-1"}, "sample_number": {"type": "Integer", "value": 2}}

    def order_test(business_key: str, sample_barcode: str, effect_key: str, *, lab: str) -> dict[str, Any]:
        return {"lab_order_id": f"{business_key} {sample_barcode} {effect_key} {lab}"}

    report = ended(order_test, task(variables=variables), lab="the lab")
    written = {"lab_order_id": {"value": "C-1 A-1 C-1/order_test/2 the lab", "type": "String"}}
    assert report == Report("complete", (written,))
    assert report.ends_task
    assert ended(lambda: None) == Report("complete", ({},))


@pytest.mark.parametrize(("retries", "is_last"), [(None, False), (2, False), (1, True)])
def test_a_handler_is_told_of_its_delivery(retries: int | None, is_last: bool) -> None:
    told: list[Context] = []

    def order_test(context: Context) -> None:
        told.append(context)

    given = task(retries)
    ended(order_test, given)
    assert told == [given.context]
    assert (told[0].task_id, told[0].last_attempt) == ("1", is_last)


def test_a_deviation_from_protocol_is_an_error_of_the_diagram() -> None:
    def order_test() -> None:
        raise KitShortage

    report = ended(order_test)
    assert report == Report("bpmn_failure", ("kit_shortage", "KitShortage"), {"code": "kit_shortage"})
    assert report.ends_task


class NothingOfOurs(BpmnError):
    code = "nothing_of_ours"


def test_a_deviation_that_was_not_declared_is_a_failure() -> None:
    """Else the diagram was checked for nothing: no event of it goes on from this."""
    assert left_of(failed(NothingOfOurs())) == 2


def test_a_lost_task_is_not_begun_and_nothing_is_reported_of_it() -> None:
    def order_test() -> None:
        raise AssertionError("is begun")

    lost = task()
    lost.lose()
    assert ended(order_test, lost) is None


def test_a_handler_that_gives_up_though_its_task_is_not_lost_has_failed() -> None:
    assert left_of(failed(Cancelled())) == 2


@pytest.mark.parametrize("error", [Unavailable("lab: 503"), EngineUnavailable("GET /task: 503"), OSError("disk full")])
def test_while_what_it_calls_is_away_a_task_uses_up_no_attempt_and_comes_back_within_seconds(error: Exception) -> None:
    assert [left_of(failed(error, retries)) for retries in (None, 3, 1)] == [3, 3, 1]
    assert failed(error).due_in_s == 6


@pytest.mark.parametrize(
    "error", [Faulty("lab: 500"), EngineRefused("GET /task", 400, "X"), KeyError(), SystemExit(), Cancelled()]
)
def test_other_failures_are_counted_down(error: BaseException) -> None:
    assert [left_of(failed(error, retries)) for retries in (None, 3, 2, 1)] == [2, 2, 1, 0]


def test_the_engine_is_told_what_failed_how_often_it_is_tried_again_and_when() -> None:
    report = failed(Faulty("lab: 500"), 2)
    message, details, left, pause_ms = report.arguments
    assert (message, left, pause_ms, report.due_in_s) == ("Faulty: lab: 500", 1, 40_000, 40)
    due = datetime.fromisoformat(details.removeprefix(RETRY_DUE))
    assert 38 < (due - datetime.now(UTC)).total_seconds() <= 40
    assert len(details) == len(RETRY_DUE + "2020-03-20T10:00:00.000+00:00")
    assert report.log_fields == {"error": "Faulty: lab: 500", "retries": 1, "retry_in_s": 40}
    assert not report.ends_task


def test_the_last_failure_is_an_incident() -> None:
    said = {"error": "Faulty: lab: 500", "retries": 0}
    assert failed(Faulty("lab: 500"), 1) == Report("failure", ("Faulty: lab: 500", None, 0, 0), said)


def test_a_refusal_is_final() -> None:
    said = {"error": "Refusal: lab answered 400", "retries": 0}
    assert failed(Refusal("lab answered 400"), 3) == Report("failure", ("Refusal: lab answered 400", None, 0, 0), said)


@pytest.mark.parametrize("retries", [2, 9])
def test_more_retries_than_there_are_attempts_begin_with_the_first_pause(retries: int) -> None:
    assert failed(KeyError(), retries + 1).due_in_s == 20


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (Faulty("lab: 500"), "Faulty: lab: 500"),
        (Unavailable("lab: 503"), "Unavailable: lab: 503"),
        (EngineRefused("GET /task", 400, "X"), "EngineRefused: GET /task: 400 X"),
        (ValueError("Ada Lovelace"), "ValueError"),
    ],
)
def test_only_errors_that_speak_without_data_are_quoted(error: Exception, message: str) -> None:
    assert failed(error).arguments[0] == message


def test_the_diagram_may_say_how_often_a_task_is_tried() -> None:
    report = failed(KeyError(), extensionProperties={"retry.attempts": "5", "retry.first": "7s"})
    assert (left_of(report), report.due_in_s) == (4, 7)
    assert left_of(failed(KeyError(), extensionProperties={"retry.attempts": "1"})) == 0
    assert left_of(failed(KeyError(), extensionProperties=None)) == 2


def test_a_diagram_that_says_it_wrongly_is_an_incident_at_once() -> None:
    message = "InvalidRetry: attempts: 'two' is no whole number from 1 to 9999"
    report = failed(KeyError(), extensionProperties={"retry.attempts": "two"})
    assert report == Report("failure", (message, None, 0, 0), {"error": message, "retries": 0})


def test_a_failure_of_a_result_is_reported_as_one_of_the_handler() -> None:
    handler = topic("lab.order_test", retry=RETRY)(lambda: None).handler
    assert left_of(create_failure_report(task(), handler, EngineRefused("POST /complete", 500, "X"), outage())) == 2
    assert left_of(create_failure_report(task(), handler, OSError(), outage(), (OSError,))) == 3


def test_handlers_of_the_library_get_the_task_and_report_as_it_does() -> None:
    def completes(task: ExternalTask) -> TaskResult:
        return task.complete({"seen": task.get_variable("sample_barcode")})

    def fails(task: ExternalTask) -> TaskResult:
        return task.failure("no lab", "asked twice", 2, 3000)

    def gives_up(task: ExternalTask) -> TaskResult:
        return task.failure("no lab", "", 0, 0)

    def deviates(task: ExternalTask) -> TaskResult:
        return task.bpmn_error("kit_shortage", "none left")

    given = task(variables={"sample_barcode": {"type": "String", "value": "A-1"}})
    assert ended(completes, given) == Report("complete", ({"seen": {"value": "A-1"}}, {}))
    assert ended(fails) == Report("failure", ("no lab", "asked twice", 2, 3000), {"retries": 2}, 3.0)
    assert ended(gives_up) == Report("failure", ("no lab", None, 0, 0), {"retries": 0})
    assert ended(deviates) == Report("bpmn_failure", ("kit_shortage", "none left", {}))


def test_handing_back_ends_no_task() -> None:
    assert Report("unlock") == UNLOCK
    assert not UNLOCK.ends_task
