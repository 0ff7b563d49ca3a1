"""Any answer to any report ends in: delivered, gone for sure, or counted and in the end an incident."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camunda7.worker import Retry, TaskClient, reports, topic
from camunda7.worker.clock import Clock
from camunda7.worker.metrics import Metrics
from camunda7.worker.outcomes import UNLOCK
from camunda7.worker.reports import Reports
from camunda7.worker.tasks import Task
from camunda7.worker.threads import Threads
from processes.errors import KitShortage
from tests.support.case import eventually
from tests.support.fake_engine import CUT, FakeEngine, fake_engine
from tests.support.serving import Reply
from tests.support.tier import rounds
from tests.support.working import working

ATTEMPTS = 2
QUICK = Retry(attempts=ATTEMPTS, first="5ms", most="5ms")


def typed(status: int, kind: str = "RestException", code: int = 0) -> Reply:
    return Reply(status, json.dumps({"type": kind, "message": "m", "code": code}).encode())


ANSWERS = {
    "connection cut": CUT,
    "200 page": Reply(200, b"<html>sign in</html>", "text/html"),
    "200 empty": Reply(200),
    "200 object": Reply(200, b"{}"),
    "200 broken JSON": Reply(200, b"{"),
    "200 not UTF-8": Reply(200, b"\xff", "text/plain"),
    "202": Reply(202),
    **{f"{status}": Reply(status) for status in (302, 307)},
    **{f"{status} of the engine": typed(status) for status in (400, 401, 403, 404, 500)},
    **{
        f"{status} of another": Reply(status, b"<html>no</html>", "text/html")
        for status in (400, 401, 403, 404, 405, 408, 409, 413, 429, 500, 501, 502, 503, 504)
    },
    "500 list": Reply(500, b"[]"),
    "500 conflict": typed(500, "OptimisticLockingException", 1),
    "500 database away": typed(500, "ProcessEnginePersistenceException", 20001),
    "500 done before": typed(500, "ProcessEngineException", 20002),
    "500 of nulls": Reply(500, b'{"type": null, "message": null, "code": null}'),
}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FakeEngine, str]]:
    monkeypatch.setattr(reports, "MAX_PAUSE_S", 0.1)
    monkeypatch.setattr(reports, "MAX_UNANSWERED", 3)
    with fake_engine() as running:
        yield running


def troubled(engine: FakeEngine, path_ends: str) -> tuple[dict[str, str], Counter[str]]:
    """A task for each answer, that calls for it get; the answers' names by task id, and how often each was given."""
    tasks = {engine.add(variables={"sample_number": number}): name for number, name in enumerate(ANSWERS)}
    given_to: Counter[str] = Counter()

    def trouble(path: str, body: Any) -> Reply | None:
        _, task_id, what = (path + "//").split("/")[:3]
        if what != path_ends or task_id not in tasks:
            return None
        given_to[task_id] += 1
        return ANSWERS[tasks[task_id]]

    engine.trouble = trouble
    return tasks, given_to


def counting(function: Callable[[], Any]) -> tuple[Callable[..., Any], Counter[int]]:
    """A handler that counts its runs by sample_number."""
    runs: Counter[int] = Counter()

    @topic("lab.order_test", retry=QUICK, errors=(KitShortage,))
    def handle(sample_number: int) -> Any:
        runs[sample_number] += 1
        return function()

    return handle, runs


def deviate() -> None:
    raise KitShortage


def fail() -> None:
    raise ConnectionError


@pytest.mark.parametrize(("path", "ending"), [("complete", dict), ("bpmnError", deviate)])
def test_a_result_that_is_never_taken_is_counted_and_becomes_an_incident(
    fake: Any, path: str, ending: Callable[[], Any]
) -> None:
    engine, url = fake
    tasks, given_to = troubled(engine, path)
    handle, runs = counting(ending)
    with working(url, [handle], slots=8):
        eventually(lambda: {t for t in tasks if engine.tasks[t]["retries"] == 0} == set(tasks), within_s=60)
        time.sleep(0.1)
    assert set(runs.values()) == {ATTEMPTS}
    assert {given_to[task] for task in tasks} <= set(range(reports.MAX_REFUSALS, 50))
    assert not engine.ended


def test_a_failure_that_is_not_taken_is_kept_without_repeating_the_handler_until_it_is(fake: Any) -> None:
    engine, url = fake
    tasks, given_to = troubled(engine, "failure")
    handle, runs = counting(fail)
    with working(url, [handle], slots=8):
        eventually(lambda: all(given_to[task] > reports.MAX_REFUSALS for task in tasks), within_s=60)
        assert set(runs.values()) == {1}
        engine.trouble = lambda path, body: None
        eventually(lambda: all(engine.tasks[task]["retries"] == 0 for task in tasks), within_s=60)
    assert set(runs.values()) == {ATTEMPTS}


@pytest.mark.parametrize(("path", "ending"), [("complete", dict), ("bpmnError", deviate), ("failure", fail)])
def test_a_report_of_a_suspended_instance_is_kept_and_delivered_when_it_is_activated(
    fake: Any, monkeypatch: pytest.MonkeyPatch, path: str, ending: Callable[[], Any]
) -> None:
    engine, url = fake
    monkeypatch.setattr(reports, "MAX_SUSPENDED_PAUSE_S", 0.05)
    message = "ENGINE-03043 ExternalTask with id 't1' is suspended."
    suspended = Reply(400, json.dumps({"type": "RestException", "message": message}).encode())
    refused: list[str] = []

    def trouble(called: str, body: Any) -> Reply | None:
        if not called.endswith(("/complete", "/bpmnError", "/failure", "/extendLock")):
            return None
        refused.append(called)
        return suspended

    engine.trouble = trouble
    task = engine.add(variables={"sample_number": 1})
    handle, runs = counting(ending)
    with working(url, [handle]):
        eventually(lambda: len(refused) > 2 * reports.MAX_REFUSALS)
        assert set(refused) == {f"/{task}/{path}"}
        assert runs == {1: 1}
        engine.trouble = lambda *_: None
        eventually(lambda: task in engine.ended or task in engine.failures)
    if path == "failure":
        assert engine.failures[task][0]["errorMessage"] == "ConnectionError"
    else:
        assert engine.ended[task][0] == path
        assert runs == {1: 1}


def test_a_lock_whose_renewal_is_not_taken_loses_no_result(fake: Any) -> None:
    engine, url = fake
    tasks, given_to = troubled(engine, "lock")
    goes_on = threading.Event()
    handle, runs = counting(lambda: goes_on.wait(30) and None)
    with working(url, [handle], slots=len(tasks), lock_s=0.6):
        eventually(lambda: all(given_to[task] > 1 for task in tasks), within_s=60)
        goes_on.set()
        eventually(lambda: set(engine.ended) == set(tasks), within_s=30)
    assert set(runs.values()) == {1}


def test_a_task_that_is_not_handed_back_is_left_to_its_lock(fake: Any) -> None:
    engine, url = fake
    tasks, _ = troubled(engine, "unlock")
    ended: list[str] = []
    client, threads, metrics = TaskClient("care-1", url, "admin", "", 20, 1), Threads(4, "engine"), Metrics()
    sending = Reports(client, threads, Clock(), metrics, lambda *_: UNLOCK, lambda task, report: ended.append(task.id))
    for task in engine.tasks.values():
        task["workerId"] = "care-1"
        sending.send(Task(task, 0), UNLOCK)
    eventually(lambda: sorted(ended) == sorted(tasks), within_s=60)
    assert sending.open == 0


@pytest.mark.parametrize("path", ["complete", "failure", "bpmnError"])
def test_a_task_that_went_to_another_worker_is_dropped_whatever_the_answer(fake: Any, path: str) -> None:
    engine, url = fake
    tasks, _ = troubled(engine, path)
    handle, runs = counting({"complete": dict, "failure": fail, "bpmnError": deviate}[path])
    answer = engine.trouble

    def taken_by_another(called: str, body: Any) -> Reply | None:
        answered = answer(called, body)
        if answered:
            engine.tasks[called.split("/")[1]] |= {"workerId": "care-2", "lockedUntil": time.time() + 60}
        return answered

    engine.trouble = taken_by_another
    with working(url, [handle], slots=8) as runtime:
        eventually(lambda: runtime.metrics.dropped.labels("lab.order_test")._value.get() == len(tasks), within_s=60)
    assert set(runs.values()) == {1}
    assert not engine.ended
    assert not engine.failures


def test_nothing_that_answers_a_poll_ends_the_loop_or_has_it_spin(fake: Any) -> None:
    engine, url = fake
    answers = list(ANSWERS.values())
    answers += [Reply(200, content) for content in (b"null", b"1", b'"a"', b"[1]", b"[null]", b"[{}]", b"[" * 100_000)]
    answers += [Reply(200, b'[{"id": 1, "topicName": "lab.order_test"}]'), Reply(200, b'[{"id": "t1"}]')]
    polls: list[float] = []

    def trouble(path: str, body: Any) -> Reply | None:
        if path != "/fetchAndLock" or body["topics"][0]["topicName"] == "none" or not answers:
            return None
        polls.append(time.monotonic())
        return answers.pop()

    engine.trouble = trouble
    handle, _ = counting(dict)
    task = engine.add()
    with working(url, [handle]) as runtime:
        runtime._poller._stopping.wait = lambda timeout: None
        eventually(lambda: task in engine.ended, within_s=60)
        errors = runtime.metrics.call_errors.labels("fetch")._value.get()
    assert not answers
    assert errors == len(polls)


GOOD = {"id": "t1", "topicName": "lab.order_test", "variables": {}}
NOT_TASKS = [
    None,
    [],
    "t2",
    {},
    {**GOOD, "id": None},
    {**GOOD, "id": 2},
    {"id": "t2"},
    {**GOOD, "id": "t2", "topicName": []},
    {**GOOD, "id": "t2", "topicName": "another"},
    {**GOOD, "id": "t2", "priority": "high"},
    {**GOOD, "id": "t2", "retries": "3"},
    {**GOOD, "id": "t2", "businessKey": 5},
    {**GOOD, "id": "t2", "extensionProperties": [1]},
]


@pytest.mark.parametrize("odd", NOT_TASKS, ids=str)
def test_what_is_no_task_holds_up_no_other_of_the_same_poll(fake: Any, odd: Any) -> None:
    engine, url = fake
    task = engine.add()
    answers = [Reply(200, json.dumps([odd, GOOD]).encode())]

    def trouble(path: str, body: Any) -> Reply | None:
        if path != "/fetchAndLock" or body["topics"][0]["topicName"] == "none" or not answers:
            return None
        engine.tasks[task] |= {"workerId": body["workerId"], "lockedUntil": time.time() + 60}
        return answers.pop()

    engine.trouble = trouble
    handle, runs = counting(dict)
    with working(url, [handle], poll_s=1) as runtime:
        eventually(lambda: task in engine.ended)
        eventually(lambda: not runtime._locks.held_tasks())
    assert runs == {None: 1}


ODD_VARIABLES = [
    None,
    [1],
    {"sample_number": None},
    {"sample_number": {}},
    {"sample_number": {"type": "Date", "value": 1}},
]


@pytest.mark.parametrize("odd", ODD_VARIABLES, ids=str)
def test_a_task_whose_variables_are_odd_is_an_incident(fake: Any, odd: Any) -> None:
    engine, url = fake
    task = engine.add()
    engine.tasks[task]["variables"] = odd
    handle, runs = counting(dict)
    with working(url, [handle], poll_s=1):
        eventually(lambda: engine.tasks[task]["retries"] == 0)
    assert not runs
    assert len(engine.failures[task]) == ATTEMPTS


@pytest.mark.slow
@settings(
    max_examples=rounds(test=15, verify=300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.sampled_from([dict, deviate, fail]), st.lists(st.sampled_from(sorted(ANSWERS)), max_size=12)),
        min_size=1,
        max_size=8,
    )
)
def test_any_answers_in_any_order_then_a_good_one(fake: Any, cases: list[tuple[Callable[[], Any], list[str]]]) -> None:
    """Each task ends, or is an incident, after no more runs than attempts; nothing stays in hand."""
    engine, url = fake
    engine.tasks.clear()
    engine.ended.clear()
    left = {engine.add(variables={"sample_number": n}): list(answers) for n, (_, answers) in enumerate(cases)}
    runs: Counter[int] = Counter()

    @topic("lab.order_test", retry=QUICK, errors=(KitShortage,))
    def handle(sample_number: int) -> Any:
        runs[sample_number] += 1
        return cases[sample_number][0]()

    def trouble(path: str, body: Any) -> Reply | None:
        _, task_id, what = (path + "//").split("/")[:3]
        return ANSWERS[left[task_id].pop()] if what in ("complete", "failure", "bpmnError") and left[task_id] else None

    engine.trouble = trouble
    with working(url, [handle], slots=8) as runtime:
        eventually(lambda: all(t in engine.ended or engine.tasks[t]["retries"] == 0 for t in left), within_s=30)
        eventually(lambda: not runtime._locks.held_tasks(), within_s=10)
    assert max(runs.values()) <= ATTEMPTS
