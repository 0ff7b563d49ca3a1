"""The states of a task: which may follow which, what they allow, and what holds when two threads change one at once."""

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
from tests.support.working import working

FETCHED, RUNNING, REPORT_PENDING, REPORTING, DONE, LOST = TaskState
# how a task comes into each state
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
    for each in PATHS.get(state, ()):
        assert task.enter(each)
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


def test_the_table_has_these_transitions_and_no_others() -> None:
    assert {(before, after) for before, allowed in TRANSITIONS.items() for after in allowed} == ALLOWED


@pytest.mark.parametrize("before", [FETCHED, RUNNING, REPORT_PENDING, REPORTING])
def test_a_task_may_be_lost_at_any_moment_before_it_is_done(before: TaskState) -> None:
    task = task_in(before)
    assert task.lose()
    assert task.is_lost
    assert not task.lose()


def test_what_is_done_can_not_be_lost() -> None:
    task = task_in(DONE)
    assert not task.lose()
    assert task.state is DONE


@pytest.mark.parametrize("after", TaskState)
def test_a_lost_task_stays_lost(after: TaskState) -> None:
    task = task_in(LOST)
    assert not task.enter(after)
    assert task.is_lost


@pytest.mark.parametrize(
    ("state", "may"),
    [(FETCHED, True), (RUNNING, True), (REPORT_PENDING, True), (REPORTING, False), (DONE, False), (LOST, False)],
)
def test_a_lock_is_extended_until_its_report_is_on_its_way(state: TaskState, may: bool) -> None:
    assert task_in(state).may_extend_lock is may


def test_losing_a_task_cancels_the_context_of_its_handler() -> None:
    task, seen = task_in(RUNNING), context()
    task.attach(seen)
    assert not seen.cancelled
    task.lose()
    assert seen.cancelled


def test_a_lost_task_takes_no_context() -> None:
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
def test_fetched_again_it_is_the_next_delivery_only_if_a_report_may_have_arrived(
    state: TaskState, is_noted: bool, is_next: bool
) -> None:
    task, again = task_in(state), Task({"id": "t1", "topicName": "lab.order_test"}, 2.0)
    assert task.note_delivery(again) is is_noted
    assert task.next_delivery is (again if is_next else None)
    assert task.locked_at == (2.0 if is_noted else 1.0)


class SlowTable(dict[TaskState, Any]):
    """Lets another thread run between the look at the table and the change of the state."""

    def __getitem__(self, state: TaskState) -> Any:
        time.sleep(0.001)
        return super().__getitem__(state)


@pytest.fixture
def _slow_transitions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "TRANSITIONS", SlowTable(TRANSITIONS))


class SlowTask(Task):
    """Lets another thread run between the look at the state and the assignment of the context."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "context" and value:
            time.sleep(0.001)
        super().__setattr__(name, value)


def at_once(*functions: Any) -> list[Any]:
    """Call functions on a thread each, at the same time, the last one first; returns their results or errors."""
    barrier, results = threading.Barrier(len(functions)), [None] * len(functions)

    def call(place: int) -> None:
        barrier.wait()
        try:
            results[place] = functions[place]()
        except Exception as error:
            results[place] = error

    callers = [threading.Thread(target=call, args=(place,)) for place in range(len(functions))]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    return results


@pytest.mark.usefixtures("_slow_transitions")
def test_of_two_threads_that_enter_a_state_one_does() -> None:
    for _ in range(RACES):
        task = task_in(FETCHED)
        results = at_once(lambda: task.enter(RUNNING), lambda: task.enter(RUNNING))  # noqa: B023 - called at once
        assert sorted(map(type, results), key=str) == [bool, InvalidTransition]


@pytest.mark.usefixtures("_slow_transitions")
def test_a_task_is_lost_or_done_never_both() -> None:
    for _ in range(RACES):
        task = task_in(REPORTING)
        is_lost, is_done = at_once(task.lose, lambda: task.enter(DONE))  # noqa: B023 - called at once
        assert (is_done, is_lost) in [(True, False), (False, True)]
        assert task.state is (LOST if is_lost else DONE)


def test_a_handler_that_begins_while_its_task_is_lost_is_cancelled_one_way_or_the_other() -> None:
    for _ in range(RACES):
        task, seen = SlowTask({"id": "t1", "topicName": "lab.order_test"}, 1.0), context()
        is_lost, attached = at_once(task.lose, lambda: task.attach(seen))  # noqa: B023 - called at once
        assert is_lost
        assert isinstance(attached, Cancelled) or seen.cancelled


def test_a_task_that_was_lost_before_its_handler_was_called_never_runs() -> None:
    """The runtime asks before it calls the handler; the handler's parameters are read between the two."""
    task = task_in(RUNNING)
    calls: list[int] = []

    @topic("lab.order_test")
    def order_test() -> None:
        calls.append(1)

    task.lose()
    assert run_handler(task, order_test.handler, {}, Outage("lab.order_test", logging.getLogger("tests"))) is None
    assert calls == []


class Client(TaskClient):
    """Answers as it is asked to, without an engine."""

    def __init__(self) -> None:
        super().__init__("w", "http://127.0.0.1:1", "u", "p", lock_s=20, long_poll_s=20)
        self.is_ours = False
        self.renewed: list[str] = []
        self.called = threading.Event()
        self.answers = threading.Event()
        self.error: Exception | None = None

    def renew_lock(self, task_id: str) -> None:
        self.renewed.append(task_id)
        raise EngineRefused("POST /lock", 404, "RestException")

    def holds(self, task_id: str) -> bool:
        return self.is_ours

    def failure(self, *_: Any) -> None:
        self.complete("", {})

    def complete(self, task_id: str, global_variables: Any, local_variables: Any = None) -> None:
        self.called.set()
        self.answers.wait(10)
        if self.error:
            raise self.error


COMPLETE = Report("complete", ({},))


class Parts:
    """Reports and lock keeper, on a client without an engine; a registered task whose handler has returned."""

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
def parts() -> Parts:
    return Parts()


def test_a_lock_that_is_lost_while_the_handler_runs_is_counted_once_and_nothing_is_sent(parts: Parts) -> None:
    parts.renew()
    parts.renew()
    assert parts.task.is_lost
    assert (parts.lost_locks(), len(parts.client.renewed)) == (1, 1)
    assert parts.locks.held_tasks() == []
    parts.reports.send(parts.task, COMPLETE)
    eventually(lambda: parts.ended == [None])
    assert not parts.client.called.is_set()


def test_a_renewal_that_is_refused_after_the_report_was_taken_loses_nothing(parts: Parts) -> None:
    parts.client.answers.set()
    parts.reports.send(parts.task, COMPLETE)
    eventually(lambda: parts.ended == [COMPLETE])
    parts.locks._handle_refusal(parts.task, EngineRefused("POST /lock", 404, "RestException"))
    assert parts.task.state is DONE
    assert parts.lost_locks() == 0


def test_no_renewal_thwarts_a_report_that_is_on_its_way(parts: Parts) -> None:
    parts.reports.send(parts.task, COMPLETE)
    assert parts.client.called.wait(5)
    assert parts.task.state is REPORTING
    parts.renew()
    assert parts.client.renewed == []
    parts.client.answers.set()
    eventually(lambda: parts.task.state is DONE)


def test_a_report_that_is_not_taken_waits_and_its_lock_is_renewed(parts: Parts) -> None:
    parts.client.error = EngineUnavailable("POST /complete: 503", 60)
    parts.client.answers.set()
    parts.reports.send(parts.task, COMPLETE)
    eventually(lambda: parts.client.called.is_set() and parts.task.state is REPORT_PENDING)
    parts.client.is_ours = True
    parts.renew()
    assert parts.client.renewed == ["t1"]
    assert parts.task.state is REPORT_PENDING


def test_a_report_that_is_taken_after_the_task_was_handed_back_ends_it_all_the_same(parts: Parts) -> None:
    """Time was up while the report was on its way: the engine may have taken either."""
    parts.reports.send(parts.task, COMPLETE)
    assert parts.client.called.wait(5)
    assert parts.task.lose()
    parts.client.answers.set()
    eventually(lambda: parts.ended == [COMPLETE])
    assert parts.task.is_lost
    eventually(lambda: parts.reports.open == 0)


def test_a_report_that_is_not_taken_after_the_task_was_handed_back_is_not_sent_again(parts: Parts) -> None:
    parts.client.error = EngineUnavailable("POST /complete: 503")
    parts.reports.send(parts.task, COMPLETE)
    assert parts.client.called.wait(5)
    assert parts.task.lose()
    parts.client.called.clear()
    parts.client.answers.set()
    eventually(lambda: parts.ended == [None])
    assert not parts.client.called.is_set()
    eventually(lambda: parts.reports.open == 0)


def test_a_second_report_of_a_task_is_a_defect_that_reaches_no_engine(parts: Parts) -> None:
    parts.reports.send(parts.task, COMPLETE)
    with pytest.raises(InvalidTransition, match="to REPORT_PENDING"):
        parts.reports.send(parts.task, COMPLETE)
    assert parts.reports.open == 1
    parts.client.answers.set()
    eventually(lambda: parts.ended == [COMPLETE])


@pytest.fixture
def fake() -> Iterator[tuple[FakeEngine, str]]:
    with fake_engine() as running:
        yield running


def test_no_path_of_the_runtime_is_an_impossible_transition(fake: Any) -> None:
    """Results, failures, refusals, tasks that are gone, and a stop in the middle of it all."""
    engine, url = fake
    before, calls = DEFECTS._value.get(), itertools.count()
    troubles = iter([(503, {}), (500, {"type": "RestException"}), (404, {}), (400, {})] * 10)

    def trouble(path: str, body: Any) -> Any:
        return next(troubles, None) if path.endswith(("/complete", "/failure", "/lock")) else None

    @topic("lab.order_test")
    def order_test() -> None:
        number = next(calls)
        time.sleep(0.02)
        if number % 3 == 0:
            raise ConnectionError

    engine.trouble = trouble
    for _ in range(60):
        engine.add()
    with working(url, [order_test], slots=4, lock_s=0.4, shutdown_timeout_s=1):
        eventually(lambda: len(engine.ended) > 20, within_s=20)
    assert DEFECTS._value.get() == before
