"""The report to the engine that follows from how a handler ends."""

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
    monkeypatch.setattr(random, "uniform", lambda low, high: high)


def task(retries: int | None = None, **fields: Any) -> Task:
    raw = {"id": "1", "topicName": "lab.order_test", "businessKey": "C-1", "retries": retries, "variables": {}}
    return Task(raw | fields, 0)


def report_of(function: Callable[..., Any], task_to_run: Task | None = None, **resources: Any) -> Report | None:
    handler = topic("lab.order_test", retry=RETRY, occurrence="sample_number", errors=ERRORS)(function).handler
    return run_handler(task_to_run or task(), handler, resources, outage(), (OSError,))


def outage() -> Outage:
    return Outage("lab.order_test", logging.getLogger("tests"), first_s=5)


def failure_report(error: BaseException, retries: int | None = None, **fields: Any) -> Report:
    def order_test() -> None:
        raise error

    report = report_of(order_test, task(retries, **fields))
    assert report
    assert report.method == "failure"
    return report


def retries_of(report: Report) -> Any:
    return report.arguments[2]


def test_the_return_value_is_reported_as_variables() -> None:
    variables = {"sample_barcode": {"type": "String", "value": "A-1"}, "sample_number": {"type": "Integer", "value": 2}}

    def order_test(business_key: str, sample_barcode: str, effect_key: str, *, lab: str) -> dict[str, Any]:
        return {"lab_order_id": f"{business_key} {sample_barcode} {effect_key} {lab}"}

    report = report_of(order_test, task(variables=variables), lab="the lab")
    stored = {"lab_order_id": {"value": "C-1 A-1 C-1/order_test/2 the lab", "type": "String"}}
    assert report == Report("complete", (stored,))
    assert report.ends_task
    assert report_of(lambda: None) == Report("complete", ({},))


@pytest.mark.parametrize(("retries", "is_last"), [(None, False), (2, False), (1, True)])
def test_a_handler_gets_the_context_of_its_delivery(retries: int | None, is_last: bool) -> None:
    contexts: list[Context] = []

    def order_test(context: Context) -> None:
        contexts.append(context)

    delivered = task(retries)
    report_of(order_test, delivered)
    assert contexts == [delivered.context]
    assert (contexts[0].task_id, contexts[0].last_attempt) == ("1", is_last)


def test_a_deviation_from_protocol_is_reported_as_a_bpmn_error() -> None:
    def order_test() -> None:
        raise KitShortage

    report = report_of(order_test)
    assert report == Report("bpmn_failure", ("kit_shortage", "KitShortage"), {"code": "kit_shortage"})
    assert report.ends_task


class UndeclaredError(BpmnError):
    code = "undeclared_error"


def test_an_undeclared_bpmn_error_is_reported_as_a_failure() -> None:
    """The lint compares declared errors with the diagram: no error event catches an undeclared one."""
    assert retries_of(failure_report(UndeclaredError())) == 2


def test_a_lost_task_is_neither_run_nor_reported() -> None:
    def order_test() -> None:
        raise AssertionError("the handler was called")

    lost = task()
    lost.lose()
    assert report_of(order_test, lost) is None


def test_cancelled_raised_for_a_task_that_is_not_lost_is_a_failure() -> None:
    assert retries_of(failure_report(Cancelled())) == 2


@pytest.mark.parametrize("error", [Unavailable("lab: 503"), EngineUnavailable("GET /task: 503"), OSError("disk full")])
def test_an_outage_of_a_called_service_uses_up_no_retry_and_the_task_is_retried_within_seconds(
    error: Exception,
) -> None:
    assert [retries_of(failure_report(error, retries)) for retries in (None, 3, 1)] == [3, 3, 1]
    assert failure_report(error).due_in_s == 6


@pytest.mark.parametrize(
    "error", [Faulty("lab: 500"), EngineRefused("GET /task", 400, "X"), KeyError(), SystemExit(), Cancelled()]
)
def test_other_failures_use_up_a_retry(error: BaseException) -> None:
    assert [retries_of(failure_report(error, retries)) for retries in (None, 3, 2, 1)] == [2, 2, 1, 0]


def test_a_failure_report_has_the_message_the_remaining_retries_and_the_due_time() -> None:
    report = failure_report(Faulty("lab: 500"), 2)
    message, details, retries, pause_ms = report.arguments
    assert (message, retries, pause_ms, report.due_in_s) == ("Faulty: lab: 500", 1, 40_000, 40)
    due = datetime.fromisoformat(details.removeprefix(RETRY_DUE))
    assert 38 < (due - datetime.now(UTC)).total_seconds() <= 40
    assert len(details) == len(RETRY_DUE + "2020-03-20T10:00:00.000+00:00")
    assert report.log_fields == {"error": "Faulty: lab: 500", "retries": 1, "retry_in_s": 40}
    assert not report.ends_task


def test_the_last_failure_creates_an_incident() -> None:
    log_fields = {"error": "Faulty: lab: 500", "retries": 0}
    assert failure_report(Faulty("lab: 500"), 1) == Report("failure", ("Faulty: lab: 500", None, 0, 0), log_fields)


def test_a_refusal_leaves_no_retries() -> None:
    log_fields = {"error": "Refusal: lab answered 400", "retries": 0}
    assert failure_report(Refusal("lab answered 400"), 3) == Report(
        "failure", ("Refusal: lab answered 400", None, 0, 0), log_fields
    )


@pytest.mark.parametrize("retries", [2, 9])
def test_retries_above_the_policys_attempts_start_with_the_first_pause(retries: int) -> None:
    assert failure_report(KeyError(), retries + 1).due_in_s == 20


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (Faulty("lab: 500"), "Faulty: lab: 500"),
        (Unavailable("lab: 503"), "Unavailable: lab: 503"),
        (EngineRefused("GET /task", 400, "X"), "EngineRefused: GET /task: 400 X"),
        (ValueError("Ada Lovelace"), "ValueError"),
    ],
)
def test_only_messages_of_errors_without_patient_data_are_reported(error: Exception, message: str) -> None:
    assert failure_report(error).arguments[0] == message


def test_extension_properties_override_the_retry_policy() -> None:
    report = failure_report(KeyError(), extensionProperties={"retry.attempts": "5", "retry.first": "7s"})
    assert (retries_of(report), report.due_in_s) == (4, 7)
    assert retries_of(failure_report(KeyError(), extensionProperties={"retry.attempts": "1"})) == 0
    assert retries_of(failure_report(KeyError(), extensionProperties=None)) == 2


def test_an_invalid_retry_property_creates_an_incident_without_a_retry() -> None:
    message = "InvalidRetry: attempts: 'two' is no whole number from 1 to 9999"
    report = failure_report(KeyError(), extensionProperties={"retry.attempts": "two"})
    assert report == Report("failure", (message, None, 0, 0), {"error": message, "retries": 0})


def test_a_result_that_the_engine_refuses_is_reported_as_a_failure_of_the_handler() -> None:
    handler = topic("lab.order_test", retry=RETRY)(lambda: None).handler
    assert retries_of(create_failure_report(task(), handler, EngineRefused("POST /complete", 500, "X"), outage())) == 2
    assert retries_of(create_failure_report(task(), handler, OSError(), outage(), (OSError,))) == 3


def test_handlers_in_the_librarys_shape_get_the_task_and_return_its_results() -> None:
    def completes(task: ExternalTask) -> TaskResult:
        return task.complete({"barcode": task.get_variable("sample_barcode")})

    def fails(task: ExternalTask) -> TaskResult:
        return task.failure("no lab", "asked twice", 2, 3000)

    def gives_up(task: ExternalTask) -> TaskResult:
        return task.failure("no lab", "", 0, 0)

    def deviates(task: ExternalTask) -> TaskResult:
        return task.bpmn_error("kit_shortage", "none left")

    with_variable = task(variables={"sample_barcode": {"type": "String", "value": "A-1"}})
    assert report_of(completes, with_variable) == Report("complete", ({"barcode": {"value": "A-1"}}, {}))
    assert report_of(fails) == Report("failure", ("no lab", "asked twice", 2, 3000), {"retries": 2}, 3.0)
    assert report_of(gives_up) == Report("failure", ("no lab", None, 0, 0), {"retries": 0})
    assert report_of(deviates) == Report("bpmn_failure", ("kit_shortage", "none left", {}))


def test_an_unlock_does_not_end_the_task() -> None:
    assert Report("unlock") == UNLOCK
    assert not UNLOCK.ends_task
