"""The worker runtime on a fake engine: parallel handlers, retries, one report per task, graceful shutdown."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from camunda.external_task.external_task import ExternalTask, TaskResult

from camunda7.worker import Context, Refusal, Retry, TaskClient, runtime, topic
from processes.errors import KitShortage
from tests.support.case import eventually
from tests.support.fake_engine import BROKEN_BEHIND, OPTIMISTIC_LOCKING, UNAVAILABLE, FakeEngine, fake_engine
from tests.support.running_worker import running_worker

QUICK = Retry(attempts=3, first="20ms", most="40ms")


@pytest.fixture
def fake() -> Iterator[tuple[FakeEngine, str]]:
    with fake_engine() as running:
        yield running


def wait_until_ended(engine: FakeEngine, *task_ids: str) -> None:
    eventually(lambda: all(task_id in engine.ended for task_id in task_ids), within_s=10)


def test_a_handler_is_called_with_variables_and_resources_and_its_result_is_stored(fake: Any) -> None:
    engine, url = fake

    @topic("lab.order_test")
    def order_test(business_key: str, sample_barcode: str, visit_note: str, *, lab: str) -> dict[str, Any]:
        return {"lab_order_id": f"{business_key} {sample_barcode} {visit_note} {lab}"}

    task = engine.add(variables={"sample_barcode": "A-1"})
    with running_worker(url, [order_test], lab="the lab"):
        wait_until_ended(engine, task)
    method, body = engine.ended[task]
    assert method == "complete"
    assert body["variables"] == {"lab_order_id": {"type": "String", "value": "C-1 A-1 None the lab"}}


def test_tasks_run_in_parallel_up_to_the_number_of_slots(fake: Any) -> None:
    engine, url = fake
    running, concurrent, guard = [], [], threading.Lock()

    @topic("lab.order_test")
    def order_test() -> None:
        with guard:
            running.append(1)
            concurrent.append(len(running))
        time.sleep(0.02)
        with guard:
            running.pop()

    tasks = [engine.add() for _ in range(30)]
    with running_worker(url, [order_test], slots=3):
        wait_until_ended(engine, *tasks)
    assert max(concurrent) == 3


def test_a_released_slot_takes_the_next_task_without_waiting_for_the_others(fake: Any) -> None:
    engine, url = fake
    stuck = threading.Event()

    @topic("lab.order_test")
    def order_test(sample_number: int) -> None:
        if sample_number == 0:
            stuck.wait(10)

    tasks = [engine.add(variables={"sample_number": number}) for number in range(12)]
    with running_worker(url, [order_test], slots=2):
        wait_until_ended(engine, *tasks[1:])
        assert tasks[0] not in engine.ended
        stuck.set()


def test_a_topic_that_uses_all_slots_does_not_block_another(fake: Any) -> None:
    engine, url = fake
    stuck = threading.Event()

    @topic("lab.order_test")
    def slow() -> None:
        stuck.wait(30)

    @topic("kpi.record_case")
    def fast() -> None:
        pass

    for _ in range(20):
        engine.add("lab.order_test")
    with running_worker(url, [slow, fast], slots=4):
        eventually(lambda: len(engine.locked_task_ids()) == 4, within_s=5)
        tasks = [engine.add("kpi.record_case") for _ in range(10)]
        wait_until_ended(engine, *tasks)
        # prefetched tasks of the slow topic are unlocked: only those that run stay locked
        eventually(lambda: len(engine.locked_task_ids()) == 4, within_s=15)
        stuck.set()


def test_a_released_slot_is_used_while_a_long_poll_for_other_topics_is_open(fake: Any) -> None:
    engine, url = fake
    release = threading.Event()

    @topic("lab.order_test")
    def slow(sample_number: int) -> None:
        if sample_number:
            release.wait(10)

    @topic("kpi.record_case")
    def fast() -> None:
        pass

    tasks = [engine.add(variables={"sample_number": number}) for number in (1, 2, 0)]
    with running_worker(url, [slow, fast], slots=2):
        eventually(lambda: len(engine.locked_task_ids()) == 2, within_s=5)
        # the long poll that is open now has only the topic kpi.record_case
        time.sleep(0.3)
        began = time.monotonic()
        release.set()
        wait_until_ended(engine, *tasks)
        assert time.monotonic() - began < 8


def test_the_task_of_highest_priority_runs_first(fake: Any) -> None:
    engine, url = fake
    order: list[int] = []

    @topic("lab.order_test")
    def order_test(testing_priority: int) -> None:
        order.append(testing_priority)
        time.sleep(0.01)

    priorities = [3, 1, 4, 1, 5, 9, 2, 6]
    tasks = [engine.add(priority=each, variables={"testing_priority": each}) for each in priorities]
    with running_worker(url, [order_test], slots=1):
        wait_until_ended(engine, *tasks)
    assert order == sorted(priorities, reverse=True)


def test_a_deviation_from_protocol_is_reported_as_a_bpmn_error(fake: Any) -> None:
    engine, url = fake

    @topic("lab.order_test", errors=(KitShortage,))
    def order_test() -> None:
        raise KitShortage

    task = engine.add()
    with running_worker(url, [order_test]):
        wait_until_ended(engine, task)
    method, body = engine.ended[task]
    assert (method, body["errorCode"]) == ("bpmnError", "kit_shortage")


@pytest.mark.parametrize("error", [ConnectionError, SystemExit])
def test_each_failure_uses_a_retry_and_the_last_creates_one_incident(fake: Any, error: type[BaseException]) -> None:
    engine, url = fake
    calls: list[float] = []

    @topic("lab.order_test", retry=QUICK)
    def order_test(context: Context) -> None:
        calls.append(context.last_attempt)
        raise error

    task = engine.add()
    with running_worker(url, [order_test]):
        eventually(lambda: engine.tasks[task]["retries"] == 0, within_s=10)
        time.sleep(0.2)
    assert [body["retries"] for body in engine.failures[task]] == [2, 1, 0]
    assert calls == [False, False, True]
    assert {body["errorMessage"] for body in engine.failures[task]} == {error.__name__}


def test_a_retry_runs_when_it_is_due_and_not_at_the_end_of_the_long_poll(fake: Any) -> None:
    engine, url = fake
    calls: list[float] = []

    @topic("lab.order_test", retry=Retry(attempts=2, first="1s", most="1s"))
    def order_test() -> None:
        calls.append(time.monotonic())
        if len(calls) == 1:
            # the open long poll was sent before this retry had a due time
            time.sleep(0.8)
            raise ConnectionError

    task = engine.add()
    with running_worker(url, [order_test], long_poll_s=10):
        wait_until_ended(engine, task)
    pause_s = engine.failures[task][0]["retryTimeout"] / 1000
    assert pause_s <= calls[1] - calls[0] - 0.8 < pause_s + 6


def test_a_task_is_fetched_as_soon_as_the_lock_of_a_dead_worker_expires(fake: Any) -> None:
    engine, url = fake

    @topic("lab.order_test")
    def order_test() -> None:
        pass

    task = engine.add(workerId="dead", lockedUntil=time.time() + 2)
    began = time.monotonic()
    with running_worker(url, [order_test], long_poll_s=10):
        wait_until_ended(engine, task)
    assert time.monotonic() - began < 8


def test_extension_properties_of_the_bpmn_task_override_the_retry_policy(fake: Any) -> None:
    engine, url = fake

    @topic("lab.order_test", retry=Retry(attempts=9, first="1h", most="1h"))
    def order_test() -> None:
        raise ConnectionError

    quick = {"retry.attempts": "2", "retry.first": "10ms", "retry.most": "10ms", "colour": "red"}
    task = engine.add(extensionProperties=quick)
    invalid = engine.add(extensionProperties={"retry.attempt": "2"})
    with running_worker(url, [order_test]):
        eventually(lambda: len(engine.failures.get(task, [])) == 2 and invalid in engine.failures, within_s=10)
    assert engine.tasks[task]["retries"] == 0
    assert engine.failures[invalid][0]["retries"] == 0
    message = "InvalidRetry: retry.attempt: there are retry.attempts, retry.first and retry.most"
    assert engine.failures[invalid][0]["errorMessage"] == message


def test_a_refusal_creates_an_incident_without_a_retry(fake: Any) -> None:
    engine, url = fake

    @topic("lab.order_test")
    def order_test() -> None:
        raise Refusal("lab answered 409 barcode_known")

    task = engine.add()
    with running_worker(url, [order_test]):
        eventually(lambda: task in engine.failures, within_s=10)
    assert engine.failures[task][0]["errorMessage"] == "Refusal: lab answered 409 barcode_known"
    assert engine.failures[task][0]["retries"] == 0


def test_incidents_and_logs_contain_no_patient_data(fake: Any, caplog: pytest.LogCaptureFixture) -> None:
    engine, url = fake

    @topic("lab.order_test", retry=QUICK)
    def order_test(sample_barcode: str) -> dict[str, Any]:
        if sample_barcode == "SECRET-1":
            raise ValueError(f"what about {sample_barcode}?")
        return {"sample_number": sample_barcode}

    caplog.set_level(logging.DEBUG)
    tasks = [engine.add(variables={"sample_barcode": f"SECRET-{number}"}) for number in (1, 2)]
    with running_worker(url, [order_test]):
        eventually(lambda: all(engine.tasks[task]["retries"] == 0 for task in tasks), within_s=10)
    messages = {body["errorMessage"] for bodies in engine.failures.values() for body in bodies}
    assert messages == {"ValueError", "UndeclaredVariable: sample_number must be of type Integer"}
    worker_records = [record for record in caplog.records if record.name == "workers"]
    assert any(getattr(record, "case", None) == "C-1" for record in worker_records)
    assert not any("SECRET" in str(vars(record)) for record in worker_records)
    assert "SECRET" not in caplog.text


@pytest.mark.parametrize("trouble", [UNAVAILABLE, OPTIMISTIC_LOCKING, (500, {}), (502, {})])
def test_a_rejected_report_is_sent_again_without_running_the_handler_again(fake: Any, trouble: Any) -> None:
    engine, url = fake
    calls: list[int] = []
    troubles = [trouble] * 3
    engine.fault = lambda path, body: troubles.pop() if path.endswith("/complete") and troubles else None

    @topic("lab.order_test")
    def order_test() -> None:
        calls.append(1)

    task = engine.add()
    with running_worker(url, [order_test]):
        wait_until_ended(engine, task)
    assert engine.ended[task][0] == "complete"
    assert calls == [1]


def test_a_result_that_the_engine_never_accepts_is_reported_as_a_failure(fake: Any) -> None:
    """An invalid expression after the task has every complete answered by 500; retrying forever would hide it."""
    engine, url = fake
    engine.fault = lambda path, body: BROKEN_BEHIND if path.endswith("/complete") else None

    @topic("lab.order_test", retry=Retry(attempts=1))
    def order_test() -> None:
        pass

    task = engine.add()
    with running_worker(url, [order_test]):
        eventually(lambda: engine.tasks[task]["retries"] == 0, within_s=10)
    assert engine.failures[task][0]["errorMessage"] == f"EngineRefused: POST /{task}/complete: 500 RestException"


def test_the_report_of_a_deleted_task_is_dropped_with_one_log_line(fake: Any, caplog: pytest.LogCaptureFixture) -> None:
    engine, url = fake
    started, release = threading.Event(), threading.Event()

    @topic("lab.order_test")
    def order_test() -> None:
        started.set()
        release.wait(5)

    caplog.set_level(logging.INFO)
    task = engine.add()
    with running_worker(url, [order_test]) as runtime:
        started.wait(5)
        del engine.tasks[task]
        release.set()
        eventually(lambda: runtime.metrics.dropped.labels("lab.order_test")._value.get() == 1, within_s=5)
    assert [record.message for record in caplog.records if getattr(record, "task", "") == task] == [
        "report dropped: the task was deleted or another worker has it"
    ]


def test_a_lock_is_renewed_while_its_handler_runs(fake: Any) -> None:
    engine, url = fake

    @topic("lab.order_test")
    def order_test() -> None:
        time.sleep(1.5)

    task = engine.add()
    with running_worker(url, [order_test], lock_s=0.4):
        time.sleep(1)
        assert engine.tasks[task]["lockedUntil"] > time.time()
        wait_until_ended(engine, task)
    assert engine.calls.count(f"POST /{task}/complete") == 1


def test_a_lost_lock_cancels_the_handler_and_its_result_is_not_sent(fake: Any) -> None:
    engine, url = fake
    started = threading.Event()
    cancelled: list[bool] = []

    @topic("lab.order_test")
    def order_test(context: Context) -> dict[str, Any]:
        started.set()
        eventually(lambda: context.cancelled, within_s=5)
        cancelled.append(context.cancelled)
        return {"lab_order_id": "late"}

    task = engine.add()
    with running_worker(url, [order_test], lock_s=0.5) as runtime:
        started.wait(5)
        engine.tasks[task].update(workerId="another", lockedUntil=time.time() + 60)
        eventually(lambda: cancelled, within_s=5)
        time.sleep(0.2)
        assert runtime.metrics.lost_locks.labels("lab.order_test")._value.get() == 1
    assert f"POST /{task}/complete" not in engine.calls
    assert engine.tasks[task]["workerId"] == "another"


def test_a_waiting_handler_ends_as_soon_as_its_lock_is_lost(fake: Any) -> None:
    engine, url = fake
    ended = threading.Event()

    @topic("lab.order_test")
    def order_test(context: Context) -> None:
        try:
            context.wait(60)
        finally:
            ended.set()

    task = engine.add()
    with running_worker(url, [order_test], lock_s=0.5, worker_id="care-1"):
        eventually(lambda: engine.tasks[task]["workerId"] == "care-1", within_s=5)
        engine.tasks[task].update(workerId="another", lockedUntil=time.time() + 60)
        assert ended.wait(3)


def test_a_task_that_is_fetched_again_while_its_handler_runs_is_not_started_twice(fake: Any) -> None:
    """Its lock expired during an outage of the engine, and the same process fetched it again."""
    engine, url = fake
    calls: list[int] = []
    release = threading.Event()

    @topic("lab.order_test")
    def order_test() -> None:
        calls.append(1)
        release.wait(5)

    task = engine.add()
    with running_worker(url, [order_test], long_poll_s=0.2):
        eventually(lambda: calls, within_s=5)
        engine.tasks[task]["lockedUntil"] = 0
        eventually(lambda: engine.tasks[task]["lockedUntil"] > time.time(), within_s=5)
        release.set()
        wait_until_ended(engine, task)
    assert calls == [1]


def test_a_stop_finishes_running_handlers_and_unlocks_queued_tasks(fake: Any) -> None:
    engine, url = fake
    started = threading.Event()

    @topic("lab.order_test")
    def order_test() -> None:
        started.set()
        time.sleep(0.3)

    tasks = [engine.add() for _ in range(8)]
    with running_worker(url, [order_test], slots=1):
        started.wait(5)
    assert engine.locked_task_ids() == []
    assert 1 <= len(engine.ended) < len(tasks)
    assert set(engine.ended) | set(engine.tasks) == set(tasks)


def test_a_handler_that_outlasts_the_shutdown_timeout_is_cancelled_and_its_task_unlocked(fake: Any) -> None:
    engine, url = fake
    started, cancelled = threading.Event(), threading.Event()

    @topic("lab.order_test")
    def order_test(context: Context) -> None:
        started.set()
        try:
            context.wait(30)
        finally:
            cancelled.set()

    task = engine.add()
    began = 0.0
    with running_worker(url, [order_test], shutdown_timeout_s=0.5):
        started.wait(5)
        began = time.monotonic()
    assert time.monotonic() - began < 15
    assert cancelled.wait(1)
    assert engine.locked_task_ids() == []
    assert task in engine.tasks


def test_a_second_stop_ends_the_runtime_at_once(fake: Any) -> None:
    engine, url = fake
    started = threading.Event()

    @topic("lab.order_test")
    def order_test() -> None:
        started.set()
        time.sleep(25)

    engine.add()
    began = 0.0
    with running_worker(url, [order_test], shutdown_timeout_s=30) as runtime:
        started.wait(5)
        began = time.monotonic()
        runtime.stop()
    assert time.monotonic() - began < 15
    assert engine.locked_task_ids() == []


def test_an_idle_worker_ends_at_once_and_its_long_poll_locks_nothing(fake: Any) -> None:
    engine, url = fake

    @topic("lab.order_test")
    def order_test() -> None:
        pass

    began = 0.0
    with running_worker(url, [order_test], long_poll_s=20):
        eventually(lambda: "POST /fetchAndLock" in engine.calls, within_s=5)
        time.sleep(0.2)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    engine.add()
    time.sleep(0.2)
    assert engine.locked_task_ids() == []


def test_tasks_locked_by_a_killed_predecessor_run_again_but_retries_wait_until_they_are_due(fake: Any) -> None:
    engine, url = fake
    calls: list[str] = []

    @topic("lab.order_test", retry=Retry(attempts=2, first="1h", most="1h"))
    def order_test(context: Context) -> None:
        calls.append(context.task_id)
        if context.task_id == failing:
            raise ConnectionError

    failing = engine.add()
    with running_worker(url, [order_test]):
        eventually(lambda: failing in engine.failures, within_s=5)
    held = engine.add(workerId="care-1", lockedUntil=time.time() + 60)
    failed_before = engine.add(
        workerId="care-1",
        lockedUntil=time.time() + 60,
        errorMessage="x",
        errorDetails=engine.tasks[failing]["errorDetails"],
    )
    with running_worker(url, [order_test], worker_id="care-1"):
        wait_until_ended(engine, held, failed_before)
    assert calls.count(failing) == 1


def test_all_deliveries_of_an_occurrence_have_the_same_effect_key(fake: Any) -> None:
    engine, url = fake
    keys: list[str] = []

    @topic("lab.order_test", retry=QUICK, occurrence="sample_number")
    def order_test(effect_key: str) -> None:
        keys.append(effect_key)
        if len(keys) == 1:
            raise ConnectionError

    for number in (1, 1, 2):
        # the second task has the sample of the first, as after a rollback the engine creates the task again
        task = engine.add(variables={"sample_number": number})
        with running_worker(url, [order_test]):
            wait_until_ended(engine, task)
    assert keys == ["C-1/order_test/1"] * 3 + ["C-1/order_test/2"]


@topic("lab.order_test")
def complete_in_library_shape(task: ExternalTask) -> TaskResult:
    return task.complete({"order": task.get_variable("sample_barcode"), "count": 2}, {})


@topic("lab.order_test")
def fail_in_library_shape(task: ExternalTask) -> TaskResult:
    return task.failure("no", "details", max_retries=3, retry_timeout=5000)


@topic("lab.order_test")
def deviate_in_library_shape(task: ExternalTask) -> TaskResult:
    return task.bpmn_error("kit_shortage", "none left")


@topic("lab.order_test")
def return_nothing(task: ExternalTask) -> None:
    pass


def test_a_handler_in_the_librarys_shape_runs_unchanged(fake: Any) -> None:
    engine, url = fake
    assert (complete_in_library_shape.handler.variables, complete_in_library_shape.handler.resources) == (None, ())
    done = engine.add(variables={"sample_barcode": "A-1"})
    with running_worker(url, [complete_in_library_shape]):
        wait_until_ended(engine, done)
    assert engine.ended[done][1]["variables"] == {"order": {"value": "A-1"}, "count": {"value": 2}}
    deviated = engine.add()
    with running_worker(url, [deviate_in_library_shape]):
        wait_until_ended(engine, deviated)
    assert engine.ended[deviated][1]["errorCode"] == "kit_shortage"
    failed = engine.add()
    with running_worker(url, [fail_in_library_shape]):
        eventually(lambda: failed in engine.failures, within_s=5)
    body = engine.failures[failed][0]
    assert (body["errorMessage"], body["errorDetails"], body["retries"], body["retryTimeout"]) == (
        "no",
        "details",
        3,
        5000,
    )


def test_a_handler_in_the_librarys_shape_must_return_a_result(fake: Any) -> None:
    engine, url = fake
    task = engine.add()
    with running_worker(url, [return_nothing]):
        eventually(lambda: task in engine.failures, within_s=5)
    assert engine.failures[task][0]["errorMessage"] == "TypeError"


def test_an_outage_of_the_engine_is_logged_once_and_the_report_is_delivered_after_it(
    fake: Any, caplog: pytest.LogCaptureFixture
) -> None:
    engine, url = fake
    is_unavailable = threading.Event()
    engine.fault = lambda path, body: UNAVAILABLE if is_unavailable.is_set() else None

    @topic("lab.order_test")
    def order_test() -> None:
        is_unavailable.set()

    caplog.set_level(logging.INFO)
    task = engine.add()
    with running_worker(url, [order_test], long_poll_s=0.2):
        eventually(is_unavailable.is_set, within_s=5)
        time.sleep(1)
        is_unavailable.clear()
        wait_until_ended(engine, task)
        eventually(lambda: "tasks from the engine: works again" in caplog.text, within_s=10)
    assert sum("tasks from the engine: POST" in record.message for record in caplog.records) == 1


def test_a_poll_loop_that_backs_off_counts_as_polling(
    fake: tuple[FakeEngine, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, url = fake
    engine.fault = lambda path, body: (401, {})
    monkeypatch.setattr(runtime, "POLL_LOOP_TIMEOUT_S", 0.0)
    monkeypatch.setattr(TaskClient, "poll_timeout_s", 0.5)
    monkeypatch.setattr("camunda7.worker.poller.MIN_BACKOFF_S", 30.0)

    @topic("lab.order_test")
    def handle() -> None: ...

    with running_worker(url, [handle]) as running:
        eventually(lambda: running.metrics.call_errors.labels("fetch")._value.get())
        time.sleep(1)
        assert running.is_polling
