"""The states of a task: allowed transitions, what each state permits, and transitions from two threads at once."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from camunda7.engine import EngineRefused, EngineUnavailable
from camunda7.outages import Outage
from camunda7.worker import Cancelled, Context, TaskClient, tasks, topic
from camunda7.worker.clock import Clock
from camunda7.worker.lock_keeper import LockKeeper
from camunda7.worker.metrics import Metrics
from camunda7.worker.outcomes import UNLOCK, Report, run_handler
from camunda7.worker.reports import Reports
from camunda7.worker.tasks import TRANSITIONS, InvalidTransition, Task, TaskState
from camunda7.worker.threads import DEFECTS, Threads
from tests.support.case import eventually
from tests.support.fake_engine import FakeEngine, fake_engine
from tests.support.running_worker import running_worker

FETCHED, RUNNING, REPORT_PENDING, REPORTING, DONE, LOST = TaskState
# the transitions that lead to each state
PATHS = {
    FETCHED: (),
    RUNNING: (RUNNING,),
    REPORT_PENDING: (RUNNING, REPORT_PENDING),
    REPORTING: (RUNNING, REPORT_PENDING, REPORTING),
    DONE: (RUNNING, REPORT_PENDING, REPORTING, DONE),
}
ALLOWED = {
    (FETCHED, RUNNING),
    (FETCHED, REPORT_PENDING),
    (RUNNING, REPORT_PENDING),
    (REPORT_PENDING, REPORTING),
    (REPORT_PENDING, DONE),
    (REPORTING, REPORT_PENDING),
    (REPORTING, DONE),
}
FORBIDDEN = sorted(set(itertools.product(PATHS, TaskState)) - ALLOWED, key=str)
RACES = 50


def task_in(state: TaskState) -> Task:
    task = Task({"id": "t1", "topicName": "lab.order_test", "variables": {}}, 1.0)
    for next_state in PATHS.get(state, ()):
        assert task.enter(next_state)
    if state is LOST:
        assert task.lose()
    assert task.state is state
    return task


def context() -> Context:
    return Context("t1", "C-1/order_test/1", last_attempt=False)


@pytest.mark.parametrize(("before", "after"), sorted(ALLOWED, key=str), ids=str)
def test_an_allowed_transition_is_made(before: TaskState, after: TaskState) -> None:
    task = task_in(before)
    assert task.enter(after)
    assert task.state is after


@pytest.mark.parametrize(("before", "after"), FORBIDDEN, ids=str)
def test_any_other_transition_is_a_defect_and_changes_nothing(before: TaskState, after: TaskState) -> None:
    task = task_in(before)
    with pytest.raises(InvalidTransition, match=f"{before.name} to {after.name}"):
        task.enter(after)
    assert task.state is before


def test_the_transition_table_has_exactly_the_allowed_transitions() -> None:
    assert {(before, after) for before, allowed in TRANSITIONS.items() for after in allowed} == ALLOWED


@pytest.mark.parametrize("before", [FETCHED, RUNNING, REPORT_PENDING, REPORTING])
def test_a_task_may_be_lost_in_any_state_before_done(before: TaskState) -> None:
    task = task_in(before)
    assert task.lose()
    assert task.is_lost
    assert not task.lose()


def test_a_done_task_can_not_be_lost() -> None:
    task = task_in(DONE)
    assert not task.lose()
    assert task.state is DONE


@pytest.mark.parametrize("after", TaskState)
def test_a_lost_task_stays_lost(after: TaskState) -> None:
    task = task_in(LOST)
    assert not task.enter(after)
    assert task.is_lost


@pytest.mark.parametrize(
    ("state", "is_allowed"),
    [(FETCHED, True), (RUNNING, True), (REPORT_PENDING, True), (REPORTING, False), (DONE, False), (LOST, False)],
)
def test_a_lock_may_be_extended_until_the_report_is_being_sent(state: TaskState, is_allowed: bool) -> None:
    assert task_in(state).may_extend_lock is is_allowed


def test_losing_a_task_cancels_the_context_of_its_handler() -> None:
    task, handler_context = task_in(RUNNING), context()
    task.attach(handler_context)
    assert not handler_context.cancelled
    task.lose()
    assert handler_context.cancelled


def test_attaching_a_context_to_a_lost_task_raises_cancelled() -> None:
    task = task_in(LOST)
    with pytest.raises(Cancelled):
        task.attach(context())
    assert task.context is None


@pytest.mark.parametrize(
    ("state", "is_noted", "is_next"),
    [
        (FETCHED, True, False),
        (RUNNING, True, False),
        (REPORT_PENDING, True, False),
        (REPORTING, True, True),
        (DONE, True, True),
        (LOST, False, False),
    ],
)
def test_a_second_fetch_is_the_next_delivery_only_if_the_report_may_have_arrived(
    state: TaskState, is_noted: bool, is_next: bool
) -> None:
    task, again = task_in(state), Task({"id": "t1", "topicName": "lab.order_test"}, 2.0)
    assert task.note_delivery(again) is is_noted
    assert task.next_delivery is (again if is_next else None)
    assert task.locked_at == (2.0 if is_noted else 1.0)


class SlowTable(dict[TaskState, Any]):
    """A transition table that lets another thread run between the check and the change of the state."""

    def __getitem__(self, state: TaskState) -> Any:
        time.sleep(0.001)
        return super().__getitem__(state)


@pytest.fixture
def _slow_transitions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "TRANSITIONS", SlowTable(TRANSITIONS))


class SlowTask(Task):
    """A task that lets another thread run between the check of the state and the assignment of the context."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "context" and value:
            time.sleep(0.001)
        super().__setattr__(name, value)


def call_concurrently(*functions: Any) -> list[Any]:
    """Call functions on a thread each, at the same time, the last one first; returns their results or errors."""
    barrier, results = threading.Barrier(len(functions)), [None] * len(functions)

    def call(index: int) -> None:
        barrier.wait()
        try:
            results[index] = functions[index]()
        except Exception as error:
            results[index] = error

    callers = [threading.Thread(target=call, args=(index,)) for index in range(len(functions))]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    return results


@pytest.mark.usefixtures("_slow_transitions")
def test_only_one_of_two_threads_enters_a_state() -> None:
    for _ in range(RACES):
        task = task_in(FETCHED)
        results = call_concurrently(lambda: task.enter(RUNNING), lambda: task.enter(RUNNING))  # noqa: B023 - called at once
        assert sorted(map(type, results), key=str) == [bool, InvalidTransition]


@pytest.mark.usefixtures("_slow_transitions")
def test_a_task_is_either_lost_or_done() -> None:
    for _ in range(RACES):
        task = task_in(REPORTING)
        is_lost, is_done = call_concurrently(task.lose, lambda: task.enter(DONE))  # noqa: B023 - called at once
        assert (is_done, is_lost) in [(True, False), (False, True)]
        assert task.state is (LOST if is_lost else DONE)


def test_a_handler_that_starts_while_its_task_is_being_lost_is_cancelled() -> None:
    for _ in range(RACES):
        task, handler_context = SlowTask({"id": "t1", "topicName": "lab.order_test"}, 1.0), context()
        is_lost, attached = call_concurrently(task.lose, lambda: task.attach(handler_context))  # noqa: B023 - called at once
        assert is_lost
        assert isinstance(attached, Cancelled) or handler_context.cancelled


def test_a_task_that_was_lost_before_its_handler_was_called_never_runs() -> None:
    """The runtime checks the state again after it has read the handler's parameters."""
    task = task_in(RUNNING)
    calls: list[int] = []

    @topic("lab.order_test")
    def order_test() -> None:
        calls.append(1)

    task.lose()
    assert run_handler(task, order_test.handler, {}, Outage("lab.order_test", logging.getLogger("tests"))) is None
    assert calls == []


class Client(TaskClient):
    """A client without an engine, whose answers the test sets."""

    def __init__(self) -> None:
        super().__init__("w", "http://127.0.0.1:1", "u", "p", lock_s=20, long_poll_s=20)
        self.holds_lock = False
        self.renewed: list[str] = []
        self.called = threading.Event()
        self.may_answer = threading.Event()
        self.error: Exception | None = None

    def renew_lock(self, task_id: str) -> None:
        self.renewed.append(task_id)
        raise EngineRefused("POST /lock", 404, "RestException")

    def holds(self, task_id: str) -> bool:
        return self.holds_lock

    def failure(self, *_: Any) -> None:
        self.complete("", {})

    def complete(self, task_id: str, global_variables: Any, local_variables: Any = None) -> None:
        self.called.set()
        self.may_answer.wait(10)
        if self.error:
            raise self.error


COMPLETE = Report("complete", ({},))


class WorkerParts:
    """`Reports` and `LockKeeper` on a client without an engine, and a registered task whose handler has returned."""

    def __init__(self) -> None:
        self.client, self.metrics = Client(), Metrics()
        self.ended: list[Report | None] = []
        threads = Threads(2, "test")
        self.locks = LockKeeper(self.client, threads, self.metrics)
        self.reports = Reports(self.client, threads, Clock(), self.metrics, lambda *_: UNLOCK, self._end)
        self.task = task_in(RUNNING)
        self.locks.register(self.task)

    def _end(self, task: Task, report: Report | None) -> None:
        self.ended.append(report)

    def renew(self) -> None:
        self.locks._renew(self.task, self.task.locked_at)

    def lost_locks(self) -> float:
        return self.metrics.lost_locks.labels("lab.order_test")._value.get()


@pytest.fixture
def parts() -> WorkerParts:
    return WorkerParts()


def test_a_lock_lost_while_the_handler_runs_is_counted_once_and_no_report_is_sent(parts: WorkerParts) -> None:
    parts.renew()
    parts.renew()
    assert parts.task.is_lost
    assert (parts.lost_locks(), len(parts.client.renewed)) == (1, 1)
    assert parts.locks.held_tasks() == []
    parts.reports.send(parts.task, COMPLETE)
    eventually(lambda: parts.ended == [None])
    assert not parts.client.called.is_set()


def test_a_lock_renewal_refused_after_the_report_was_accepted_is_no_lost_lock(parts: WorkerParts) -> None:
    parts.client.may_answer.set()
    parts.reports.send(parts.task, COMPLETE)
    eventually(lambda: parts.ended == [COMPLETE])
    parts.locks._handle_refusal(parts.task, EngineRefused("POST /lock", 404, "RestException"))
    assert parts.task.state is DONE
    assert parts.lost_locks() == 0


def test_a_lock_is_not_renewed_while_the_report_is_being_sent(parts: WorkerParts) -> None:
    parts.reports.send(parts.task, COMPLETE)
    assert parts.client.called.wait(5)
    assert parts.task.state is REPORTING
    parts.renew()
    assert parts.client.renewed == []
    parts.client.may_answer.set()
    eventually(lambda: parts.task.state is DONE)


def test_the_lock_is_renewed_while_a_rejected_report_waits_for_its_next_attempt(parts: WorkerParts) -> None:
    parts.client.error = EngineUnavailable("POST /complete: 503", 60)
    parts.client.may_answer.set()
    parts.reports.send(parts.task, COMPLETE)
    eventually(lambda: parts.client.called.is_set() and parts.task.state is REPORT_PENDING)
    parts.client.holds_lock = True
    parts.renew()
    assert parts.client.renewed == ["t1"]
    assert parts.task.state is REPORT_PENDING


def test_a_report_that_is_accepted_after_the_task_was_unlocked_ends_the_task(parts: WorkerParts) -> None:
    """The shutdown timeout ended while the report was being sent: the engine may process either request first."""
    parts.reports.send(parts.task, COMPLETE)
    assert parts.client.called.wait(5)
    assert parts.task.lose()
    parts.client.may_answer.set()
    eventually(lambda: parts.ended == [COMPLETE])
    assert parts.task.is_lost
    eventually(lambda: parts.reports.open == 0)


def test_a_report_that_is_rejected_after_the_task_was_unlocked_is_not_sent_again(parts: WorkerParts) -> None:
    parts.client.error = EngineUnavailable("POST /complete: 503")
    parts.reports.send(parts.task, COMPLETE)
    assert parts.client.called.wait(5)
    assert parts.task.lose()
    parts.client.called.clear()
    parts.client.may_answer.set()
    eventually(lambda: parts.ended == [None])
    assert not parts.client.called.is_set()
    eventually(lambda: parts.reports.open == 0)


def test_a_second_report_of_a_task_raises_and_is_not_sent(parts: WorkerParts) -> None:
    parts.reports.send(parts.task, COMPLETE)
    with pytest.raises(InvalidTransition, match="to REPORT_PENDING"):
        parts.reports.send(parts.task, COMPLETE)
    assert parts.reports.open == 1
    parts.client.may_answer.set()
    eventually(lambda: parts.ended == [COMPLETE])


@pytest.fixture
def fake() -> Iterator[tuple[FakeEngine, str]]:
    with fake_engine() as running:
        yield running


def test_the_runtime_makes_no_invalid_transition(fake: Any) -> None:
    """Results, failures, refusals, deleted tasks, and a stop while all of these happen."""
    engine, url = fake
    defects_before, calls = DEFECTS._value.get(), itertools.count()
    troubles = iter([(503, {}), (500, {"type": "RestException"}), (404, {}), (400, {})] * 10)

    def trouble(path: str, body: Any) -> Any:
        return next(troubles, None) if path.endswith(("/complete", "/failure", "/lock")) else None

    @topic("lab.order_test")
    def order_test() -> None:
        number = next(calls)
        time.sleep(0.02)
        if number % 3 == 0:
            raise ConnectionError

    engine.fault = trouble
    for _ in range(60):
        engine.add()
    with running_worker(url, [order_test], slots=4, lock_s=0.4, shutdown_timeout_s=1):
        eventually(lambda: len(engine.ended) > 20, within_s=20)
    assert DEFECTS._value.get() == defects_before
