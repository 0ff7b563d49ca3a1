"""The runtime against a client that answers as the engine does: parallel, retried, reported once, ended cleanly."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import pytest
from camunda.external_task.external_task import ExternalTask, TaskResult

from processes.engine import EngineRefused, EngineUnavailable
from processes.errors import KitShortage
from workers.runtime import Runtime
from workers.topics import Handler, Refusal, Retry, handlers_of, topic


class FakeClient:
    """Gives out tasks once, and notes how they were finished."""

    def __init__(self, *tasks: dict[str, Any]):
        self.config = {"lockDuration": 20_000}
        self.waiting = list(tasks)
        self.finished: dict[str, tuple[Any, ...]] = {}
        self.refusals: list[Exception] = []
        self.ended = threading.Event()

    def fetch(self, topics: dict[str, list[str]], most: int) -> list[dict[str, Any]]:
        given, self.waiting = self.waiting[:most], self.waiting[most:]
        if not given:
            self.ended.wait(0.02)
        return given

    def end_poll(self) -> None:
        self.ended.set()

    def complete(self, task_id: str, variables: dict[str, Any], local: Any = None) -> None:
        self._finish(task_id, "complete", variables)

    def failure(self, task_id: str, message: str, details: Any, retries: int, pause_ms: int) -> None:
        self._finish(task_id, "failure", message, retries, pause_ms)

    def bpmn_failure(self, task_id: str, code: str, message: str, variables: Any = None) -> None:
        self._finish(task_id, "bpmn_error", code)

    def unlock(self, task_id: str) -> None:
        self._finish(task_id, "unlock")

    def extend_lock(self, task_id: str) -> None:
        pass

    def _finish(self, task_id: str, *how: Any) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        assert task_id not in self.finished
        self.finished[task_id] = how


ONCE_MORE = Retry()


def task(number: int = 1, retries: int | None = None, **variables: Any) -> dict[str, Any]:
    return {
        "id": f"t{number}",
        "topicName": "lab.order_test",
        "businessKey": "C-1",
        "retries": retries,
        "variables": {name: {"type": "String", "value": value} for name, value in variables.items()},
    }


def handler(function: Any, retry: Retry = ONCE_MORE) -> Handler:
    return topic("lab.order_test", retry)(function).handler


def run(client: FakeClient, one: Handler, slots: int = 4, until: int | None = None, **resources: Any) -> Runtime:
    runtime = Runtime(client, [one], resources, slots)
    expected = until if until is not None else len(client.waiting)
    thread = threading.Thread(target=runtime.run)
    thread.start()
    deadline = time.monotonic() + 10
    while len(client.finished) < expected and time.monotonic() < deadline:
        time.sleep(0.01)
    runtime.stop()
    thread.join(10)
    assert not thread.is_alive()
    return runtime


def test_parameters_are_variables_and_resources_and_the_result_is_written_back() -> None:
    def order_test(case_reference: str, sample_barcode: str, visit_note: str, lab: str) -> dict[str, Any]:
        return {"lab_order_id": f"{case_reference} {sample_barcode} {visit_note} {lab}"}

    client = FakeClient(task(sample_barcode="A-1"))
    run(client, handler(order_test), lab="the lab")
    assert client.finished["t1"] == ("complete", {"lab_order_id": {"type": "String", "value": "C-1 A-1 None the lab"}})


def test_tasks_run_side_by_side() -> None:
    together = threading.Barrier(4, timeout=5)

    def order_test(case_reference: str) -> None:
        together.wait()

    client = FakeClient(*[task(number) for number in range(4)])
    run(client, handler(order_test))
    assert {how[0] for how in client.finished.values()} == {"complete"}


def test_no_more_are_fetched_than_there_are_slots() -> None:
    running, most = [], []

    def order_test(case_reference: str) -> None:
        running.append(1)
        most.append(len(running))
        time.sleep(0.02)
        running.pop()

    client = FakeClient(*[task(number) for number in range(12)])
    run(client, handler(order_test), slots=3)
    assert max(most) <= 3


def test_a_deviation_from_protocol_is_a_bpmn_error() -> None:
    def order_test(case_reference: str) -> None:
        raise KitShortage

    client = FakeClient(task())
    run(client, handler(order_test))
    assert client.finished["t1"] == ("bpmn_error", "kit_shortage")


def test_a_failure_is_tried_again_later_and_counted_down() -> None:
    def order_test(case_reference: str) -> None:
        raise ConnectionError

    client = FakeClient(task(1), task(2, retries=2), task(3, retries=1))
    run(client, handler(order_test, Retry(attempts=3, first_s=2)))
    left = {name: how[2] for name, how in client.finished.items()}
    assert left == {"t1": 2, "t2": 1, "t3": 0}
    assert 0 < client.finished["t1"][3] <= 2000


def test_a_refusal_is_an_incident_at_once() -> None:
    def order_test(case_reference: str) -> None:
        raise Refusal("lab answered 409 barcode_known")

    client = FakeClient(task())
    run(client, handler(order_test))
    assert client.finished["t1"][:3] == ("failure", "Refusal: lab answered 409 barcode_known", 0)


def test_neither_incident_nor_log_holds_a_patients_data(caplog: pytest.LogCaptureFixture) -> None:
    def order_test(case_reference: str, sample_barcode: str) -> None:
        raise ValueError(f"what about {sample_barcode}?")

    caplog.set_level(logging.DEBUG)
    client = FakeClient(task(sample_barcode="SECRET-1"))
    run(client, handler(order_test))
    assert client.finished["t1"][1] == "ValueError"
    assert "C-1" in caplog.text
    assert "SECRET-1" not in caplog.text


@pytest.mark.parametrize("trouble", [EngineUnavailable("x"), EngineRefused("x", 500, "OptimisticLockingException")])
def test_a_report_that_was_not_taken_is_repeated_and_the_handler_is_not(trouble: Exception) -> None:
    calls = []

    def order_test(case_reference: str) -> None:
        calls.append(case_reference)

    client = FakeClient(task())
    client.refusals = [trouble, trouble]
    run(client, handler(order_test), until=1)
    assert client.finished["t1"][0] == "complete"
    assert calls == ["C-1"]


def test_a_report_that_is_refused_for_good_becomes_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken expression behind the task answers 500 to every complete, and would never be an incident."""
    monkeypatch.setattr("workers.runtime.REPORT_ATTEMPTS", 2)
    client = FakeClient(task())
    client.refusals = [EngineRefused("POST /t1/complete", 500, "RestException")] * 2
    run(client, handler(lambda case_reference: None), until=1)
    assert client.finished["t1"][:2] == ("failure", "EngineRefused: POST /t1/complete: 500 RestException")


def complete_in_library_shape(task: ExternalTask) -> TaskResult:
    return task.complete({"order": task.get_variable("sample_barcode"), "count": 2}, {})


def fail_in_library_shape(task: ExternalTask) -> TaskResult:
    return task.failure("no", "details", max_retries=3, retry_timeout=5000)


def deviate_in_library_shape(task: ExternalTask) -> TaskResult:
    return task.bpmn_error("kit_shortage", "none left")


def return_nothing(task: ExternalTask) -> None:
    pass


@pytest.mark.parametrize(
    ("function", "how"),
    [
        (complete_in_library_shape, ("complete", {"order": {"value": "A-1"}, "count": {"value": 2}})),
        (fail_in_library_shape, ("failure", "no", 3, 5000)),
        (deviate_in_library_shape, ("bpmn_error", "kit_shortage")),
    ],
)
def test_a_handler_in_the_librarys_shape_runs_unchanged(function: Any, how: tuple[Any, ...]) -> None:
    client = FakeClient(task(sample_barcode="A-1"))
    one = handler(function)
    assert (one.variables, one.resources) == (None, [])
    run(client, one)
    assert client.finished["t1"] == how


def test_a_handler_in_the_librarys_shape_must_return_a_result() -> None:
    client = FakeClient(task())
    run(client, handler(return_nothing))
    assert client.finished["t1"][:2] == ("failure", "TypeError")


def test_a_task_that_is_gone_is_dropped() -> None:
    client = FakeClient(task(1), task(2))
    client.refusals = [EngineRefused("x", 404, "")]
    run(client, handler(lambda case_reference: None), slots=1, until=1)
    assert list(client.finished) == ["t2"]


def test_stopping_finishes_what_runs_and_hands_back_what_has_not_begun() -> None:
    began = threading.Event()

    def order_test(case_reference: str) -> None:
        began.set()
        time.sleep(0.3)

    client = FakeClient(task())
    runtime = Runtime(client, [handler(order_test)], {}, slots=2)
    thread = threading.Thread(target=runtime.run)
    thread.start()
    began.wait(5)
    runtime.stop()
    thread.join(5)
    assert client.finished["t1"][0] == "complete"

    late = FakeClient(task(2))
    stopped = Runtime(late, [handler(order_test)], {}, slots=1)
    stopped._stopping.set()
    stopped._work(task(2))
    assert late.finished["t2"] == ("unlock",)


LAB_TOPICS = (
    ("reserve", "kit"),
    ("release", "case"),
    ("order", "test"),
    ("chase", "result"),
    ("tell", "result"),
)


def test_the_lanes_handlers_are_found() -> None:
    from workers import lab

    topics = {one.topic for one in handlers_of(lab)}
    assert topics == {f"lab.{name}_{what}" for name, what in LAB_TOPICS}


def test_pauses_grow_and_have_an_end() -> None:
    retry = Retry(attempts=10, first_s=1, most_s=60)
    assert 0.1 <= retry.pause_s(1) <= 1
    assert all(retry.pause_s(9) <= 60 for _ in range(50))
    assert max(retry.pause_s(5) for _ in range(50)) > 2


def test_a_poll_that_begins_just_after_it_was_to_end_is_ended_too() -> None:
    begun, ended = threading.Event(), threading.Event()
    asked_to_end: list[bool] = []

    class LateClient(FakeClient):
        def fetch(self, topics: dict[str, Any], most: int) -> list[dict[str, Any]]:
            # on its way to the engine while stop() is called
            time.sleep(0.3)
            begun.set()
            ended.wait(20)
            return []

        def end_poll(self) -> None:
            asked_to_end.append(begun.is_set())
            if begun.is_set():
                ended.set()

    runtime = Runtime(LateClient(), [handler(lambda case_reference: None)], {}, slots=1)
    thread = threading.Thread(target=runtime.run)
    thread.start()
    time.sleep(0.1)
    runtime.stop()
    thread.join(5)
    assert not thread.is_alive()
    assert asked_to_end == [False, True]
