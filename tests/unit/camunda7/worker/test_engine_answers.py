"""Whatever the engine answers to a report, it is delivered, or dropped for a lost task, or ends as an incident."""

from __future__ import annotations

import itertools
import json
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camunda7.engine import EngineUnavailable
from camunda7.worker import Retry, TaskClient, reports, topic
from camunda7.worker.client import MAX_ANSWER_BYTES
from camunda7.worker.clock import Clock
from camunda7.worker.metrics import Metrics
from camunda7.worker.outcomes import UNLOCK
from camunda7.worker.reports import Reports
from camunda7.worker.tasks import Task
from camunda7.worker.threads import Threads
from processes.errors import KitShortage
from tests.support.case import eventually
from tests.support.fake_engine import CUT, FakeEngine, fake_engine
from tests.support.http_server import Raw, Reply
from tests.support.running_worker import running_worker
from tests.support.tier import rounds

# slow: real requests, with pauses between the attempts
pytestmark = pytest.mark.slow

ATTEMPTS = 2
QUICK = Retry(attempts=ATTEMPTS, first="5ms", most="5ms")


def error_reply(status: int, kind: str = "RestException", code: int = 0) -> Reply:
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
    **{f"{status} of the engine": error_reply(status) for status in (400, 401, 403, 404, 500)},
    **{
        f"{status} of a proxy": Reply(status, b"<html>no</html>", "text/html")
        for status in (400, 401, 403, 404, 405, 408, 409, 413, 500, 501, 502, 503, 504)
    },
    **{
        name: Raw([f"HTTP/1.1 {head}\r\n\r\n".encode() + content])
        for name, head, content in (
            ("chunks that are cut", "200 OK\r\nTransfer-Encoding: chunked", b'5\r\n[{"id'),
            ("chunks of no size", "200 OK\r\nTransfer-Encoding: chunked", b"x\r\n[]\r\n"),
            ("a body that is cut", "200 OK\r\nContent-Length: 100", b"["),
            (
                "a body that is no gzip",
                "200 OK\r\nConnection: close\r\nContent-Encoding: gzip",
                b"[]",
            ),
            ("a header without end", "200 OK\r\nX: " + "x" * 70_000, b""),
            ("a status without end", "204" * 30_000, b""),
            ("another protocol", "", b"220 mail.example ESMTP\r\n"),
            ("protocols switched", "101 Switching Protocols", b"\0" * 100),
            ("interim answers, then cut", "103 Early Hints\r\n\r\nHTTP/1.1 102 Processing", b""),
            ("interim answer, then 503", "103 Early Hints\r\n\r\nHTTP/1.1 503 Away\r\nContent-Length: 0", b""),
            ("redirect", "302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0", b""),
        )
    },
    "500 list": Reply(500, b"[]"),
    "500 conflict": error_reply(500, "OptimisticLockingException", 1),
    "500 database outage": error_reply(500, "ProcessEnginePersistenceException", 20001),
    "500 duplicate request": error_reply(500, "ProcessEngineException", 20002),
    "500 of nulls": Reply(500, b'{"type": null, "message": null, "code": null}'),
}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FakeEngine, str]]:
    monkeypatch.setattr(reports, "MAX_PAUSE_S", 0.1)
    monkeypatch.setattr(reports, "MAX_UNANSWERED", 3)
    with fake_engine() as running:
        yield running


THROTTLES = {
    "in seconds": "1",
    "by a date": format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True),
    "without a time": "",
    "by nonsense": "soon",
}


def answer_reports_of(engine: FakeEngine, method: str) -> tuple[dict[str, str], Counter[str]]:
    """Add a task per answer, which all its reports get; return answers' names and numbers of calls by task id."""
    tasks = {engine.add(variables={"sample_number": number}): name for number, name in enumerate(ANSWERS)}
    call_counts: Counter[str] = Counter()

    def trouble(path: str, body: Any) -> Reply | None:
        _, task_id, called = (path + "//").split("/")[:3]
        if called != method or task_id not in tasks:
            return None
        call_counts[task_id] += 1
        return ANSWERS[tasks[task_id]]

    engine.fault = trouble
    return tasks, call_counts


def count_runs(function: Callable[[], Any]) -> tuple[Callable[..., Any], Counter[int]]:
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
def test_a_result_that_the_engine_never_accepts_uses_up_the_retries_and_creates_an_incident(
    fake: Any, path: str, ending: Callable[[], Any]
) -> None:
    engine, url = fake
    tasks, call_counts = answer_reports_of(engine, path)
    handle, runs = count_runs(ending)
    with running_worker(url, [handle], slots=8):
        eventually(lambda: {t for t in tasks if engine.tasks[t]["retries"] == 0} == set(tasks), within_s=60)
        time.sleep(0.1)
    assert set(runs.values()) == {ATTEMPTS}
    assert {tasks[t]: n for t, n in call_counts.items() if not reports.MAX_REFUSALS <= n < 50} == {}
    assert not engine.ended


def test_a_failure_report_is_sent_until_the_engine_accepts_it_without_running_the_handler_again(fake: Any) -> None:
    engine, url = fake
    tasks, call_counts = answer_reports_of(engine, "failure")
    handle, runs = count_runs(fail)
    # a pending report counts as a used slot, and none of these is accepted: with fewer slots some tasks aren't fetched
    with running_worker(url, [handle], slots=len(tasks)):
        eventually(lambda: all(call_counts[task] > reports.MAX_REFUSALS for task in tasks), within_s=60)
        assert set(runs.values()) == {1}
        engine.fault = lambda path, body: None
        eventually(lambda: all(engine.tasks[task]["retries"] == 0 for task in tasks), within_s=60)
    assert set(runs.values()) == {ATTEMPTS}


@pytest.mark.parametrize(("path", "ending"), [("complete", dict), ("bpmnError", deviate), ("failure", fail)])
def test_a_report_of_a_suspended_instance_is_delivered_once_the_instance_is_activated(
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

    engine.fault = trouble
    task = engine.add(variables={"sample_number": 1})
    handle, runs = count_runs(ending)
    with running_worker(url, [handle]):
        eventually(lambda: len(refused) > 2 * reports.MAX_REFUSALS)
        assert set(refused) == {f"/{task}/{path}"}
        assert runs == {1: 1}
        engine.fault = lambda *_: None
        eventually(lambda: task in engine.ended or task in engine.failures)
    if path == "failure":
        assert engine.failures[task][0]["errorMessage"] == "ConnectionError"
    else:
        assert engine.ended[task][0] == path
        assert runs == {1: 1}


@pytest.mark.parametrize(("path", "ending"), [("complete", dict), ("bpmnError", deviate), ("failure", fail)])
@pytest.mark.parametrize("retry_after", THROTTLES.values(), ids=THROTTLES)
def test_a_throttled_report_is_sent_later_and_uses_up_no_retry(
    fake: Any, monkeypatch: pytest.MonkeyPatch, path: str, ending: Callable[[], Any], retry_after: str
) -> None:
    engine, url = fake
    monkeypatch.setattr("camunda7.engine.MAX_RETRY_AFTER_S", 0.3)
    head = f"HTTP/1.1 429 Too Many Requests\r\nRetry-After: {retry_after}\r\nContent-Length: 0\r\n\r\n"
    calls: list[float] = []

    def trouble(called: str, body: Any) -> Raw | None:
        if not called.endswith(f"/{path}"):
            return None
        calls.append(time.monotonic())
        return Raw([head.encode()], closes=False)

    engine.fault = trouble
    task = engine.add(variables={"sample_number": 1})
    handle, runs = count_runs(ending)
    with running_worker(url, [handle]):
        if retry_after in (THROTTLES["in seconds"], THROTTLES["by a date"]):
            eventually(lambda: len(calls) > 3)
            assert min(after - before for before, after in itertools.pairwise(calls)) >= 0.3
        else:
            eventually(lambda: len(calls) > reports.MAX_UNANSWERED + reports.MAX_REFUSALS)
        assert runs == {1: 1}
        engine.fault = lambda *_: None
        eventually(lambda: task in engine.ended or task in engine.failures)
    assert task in engine.ended or engine.failures[task][0]["errorMessage"] == "ConnectionError"


def test_a_throttled_poll_backs_off(fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, url = fake
    monkeypatch.setattr("camunda7.engine.MAX_RETRY_AFTER_S", 0.9)
    polls: list[float] = []

    def trouble(path: str, body: Any) -> Raw | None:
        if path != "/fetchAndLock" or body["topics"][0]["topicName"] == "none" or len(polls) > 2:
            return None
        polls.append(time.monotonic())
        return Raw([b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"], closes=False)

    engine.fault = trouble
    task = engine.add(variables={"sample_number": 1})
    handle, _ = count_runs(dict)
    with running_worker(url, [handle]):
        eventually(lambda: task in engine.ended)
    assert min(after - before for before, after in itertools.pairwise(polls)) >= 0.9


def send_byte_by_byte(beginning: bytes) -> Iterator[bytes]:
    yield beginning
    yield from itertools.repeat(b"x")


ANSWER_BEGINNINGS = {
    "status": b"HTTP/1.1 2",
    "headers": b"HTTP/1.1 200 OK\r\nX: ",
    "body": b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFF\r\n",
}


@pytest.mark.parametrize("beginning", ANSWER_BEGINNINGS.values(), ids=ANSWER_BEGINNINGS)
def test_an_answer_that_arrives_byte_by_byte_ends_with_the_timeout(fake: Any, beginning: bytes) -> None:
    engine, url = fake
    engine.fault = lambda path, body: Raw(send_byte_by_byte(beginning), pause_s=0.05)
    client = TaskClient("care-1", url, "admin", "", 20, 1)
    client.http_timeout_seconds = 0.5
    began_at = time.monotonic()
    with pytest.raises(EngineUnavailable):
        client.complete("t1", {})
    assert time.monotonic() - began_at < 10


def interim_responses_then(content: bytes) -> Iterator[bytes]:
    for status in ("100 Continue", "103 Early Hints", "102 Processing"):
        yield f"HTTP/1.1 {status}\r\nLink: </style.css>\r\n\r\n".encode()
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content)


def test_each_call_gets_its_own_final_response_after_interim_ones(fake: Any) -> None:
    engine, url = fake
    engine.fault = lambda path, body: Raw(interim_responses_then(path.encode()), pause_s=0.02, closes=False)
    client = TaskClient("care-1", url, "admin", "", 20, 1)
    for number in range(5):
        assert client.error_details(f"t{number}") == f"/t{number}/errorDetails"


def test_a_huge_answer_is_not_read_to_its_end(fake: Any) -> None:
    engine, url = fake
    megabyte, sent = b" " * 1_000_000, []

    def large_body() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n"
        for number in range(100):
            sent.append(number)
            yield megabyte

    engine.fault = lambda path, body: Raw(large_body())
    client = TaskClient("care-1", url, "admin", "", 20, 1)
    tracemalloc.start()
    try:
        with pytest.raises(EngineUnavailable, match="more than"):
            client.fetch({"lab.order_test": []}, 1)
        assert tracemalloc.get_traced_memory()[1] < 3 * MAX_ANSWER_BYTES
    finally:
        tracemalloc.stop()
    assert len(sent) < 50


def test_a_result_is_delivered_although_the_engine_rejected_lock_renewals(fake: Any) -> None:
    engine, url = fake
    tasks, call_counts = answer_reports_of(engine, "lock")
    release = threading.Event()
    handle, runs = count_runs(lambda: release.wait(30) and None)
    with running_worker(url, [handle], slots=len(tasks), lock_s=0.6):
        eventually(lambda: all(call_counts[task] > 1 for task in tasks), within_s=60)
        release.set()
        eventually(lambda: set(engine.ended) == set(tasks), within_s=30)
    assert set(runs.values()) == {1}


def test_a_task_that_can_not_be_unlocked_is_left_until_its_lock_expires(fake: Any) -> None:
    engine, url = fake
    tasks, _ = answer_reports_of(engine, "unlock")
    ended: list[str] = []
    client, threads, metrics = TaskClient("care-1", url, "admin", "", 20, 1), Threads(4, "engine"), Metrics()
    sender = Reports(client, threads, Clock(), metrics, lambda *_: UNLOCK, lambda task, report: ended.append(task.id))
    for task in engine.tasks.values():
        task["workerId"] = "care-1"
        sender.send(Task(task, 0), UNLOCK)
    eventually(lambda: sorted(ended) == sorted(tasks), within_s=60)
    assert sender.open == 0


@pytest.mark.parametrize("path", ["complete", "failure", "bpmnError"])
def test_a_report_of_a_task_locked_by_another_worker_is_dropped_whatever_the_answer(fake: Any, path: str) -> None:
    engine, url = fake
    tasks, _ = answer_reports_of(engine, path)
    handle, runs = count_runs({"complete": dict, "failure": fail, "bpmnError": deviate}[path])
    answer = engine.fault

    def lock_for_another_worker(called: str, body: Any) -> Reply | None:
        reply = answer(called, body)
        if reply:
            engine.tasks[called.split("/")[1]] |= {"workerId": "care-2", "lockedUntil": time.time() + 60}
        return reply

    engine.fault = lock_for_another_worker
    with running_worker(url, [handle], slots=8) as runtime:
        eventually(lambda: runtime.metrics.dropped.labels("lab.order_test")._value.get() == len(tasks), within_s=60)
    assert set(runs.values()) == {1}
    assert not engine.ended
    assert not engine.failures


def test_no_answer_to_a_poll_ends_the_poll_loop_or_makes_it_poll_without_pauses(fake: Any) -> None:
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

    engine.fault = trouble
    handle, _ = count_runs(dict)
    task = engine.add()
    with running_worker(url, [handle]) as runtime:
        runtime._poller._stopping.wait = lambda timeout: None
        eventually(lambda: task in engine.ended, within_s=60)
        errors = runtime.metrics.call_errors.labels("fetch")._value.get()
    assert not answers
    assert errors == len(polls)


VALID_TASK = {"id": "t1", "topicName": "lab.order_test", "variables": {}}
INVALID_TASKS = [
    None,
    [],
    "t2",
    {},
    {**VALID_TASK, "id": None},
    {**VALID_TASK, "id": 2},
    {"id": "t2"},
    {**VALID_TASK, "id": "t2", "topicName": []},
    {**VALID_TASK, "id": "t2", "topicName": "another"},
    {**VALID_TASK, "id": "t2", "priority": "high"},
    {**VALID_TASK, "id": "t2", "retries": "3"},
    {**VALID_TASK, "id": "t2", "businessKey": 5},
    {**VALID_TASK, "id": "t2", "extensionProperties": [1]},
]


@pytest.mark.parametrize("invalid", INVALID_TASKS, ids=lambda value: str(value)[:60])
def test_an_invalid_task_does_not_block_a_valid_one_of_the_same_poll(fake: Any, invalid: Any) -> None:
    engine, url = fake
    task = engine.add()
    answers = [Reply(200, json.dumps([invalid, VALID_TASK]).encode())]

    def trouble(path: str, body: Any) -> Reply | None:
        if path != "/fetchAndLock" or body["topics"][0]["topicName"] == "none" or not answers:
            return None
        engine.tasks[task] |= {"workerId": body["workerId"], "lockedUntil": time.time() + 60}
        return answers.pop()

    engine.fault = trouble
    handle, runs = count_runs(dict)
    with running_worker(url, [handle], long_poll_s=1) as runtime:
        eventually(lambda: task in engine.ended)
        eventually(lambda: not runtime._locks.held_tasks())
    assert runs == {None: 1}


INVALID_VARIABLES = [
    None,
    [1],
    {"sample_number": None},
    {"sample_number": {}},
    {"sample_number": {"type": "Date", "value": 1}},
    {"sample_number": {"type": "Date", "value": "tomorrow"}},
    {"sample_number": {"type": "Json", "value": "{"}},
    {"sample_number": {"type": "Json", "value": "[" * 100_000}},
    {"sample_number": {"type": "Object", "value": "rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcA=="}},
]


@pytest.mark.parametrize("invalid", INVALID_VARIABLES, ids=lambda value: str(value)[:60])
def test_a_task_with_invalid_variables_creates_an_incident(fake: Any, invalid: Any) -> None:
    engine, url = fake
    task = engine.add()
    engine.tasks[task]["variables"] = invalid
    handle, runs = count_runs(dict)
    with running_worker(url, [handle], long_poll_s=1):
        eventually(lambda: engine.tasks[task]["retries"] == 0)
    assert not runs
    assert len(engine.failures[task]) == ATTEMPTS


@pytest.mark.parametrize("invalid", INVALID_VARIABLES[2:], ids=lambda value: str(value)[:60])
def test_the_incident_names_the_invalid_variable(fake: Any, invalid: Any) -> None:
    engine, url = fake
    task = engine.add()
    engine.tasks[task]["variables"] = invalid
    handle, _ = count_runs(dict)
    with running_worker(url, [handle], long_poll_s=1):
        eventually(lambda: engine.tasks[task]["retries"] == 0)
    assert engine.failures[task][-1]["errorMessage"] == "UndeclaredVariable: sample_number can't be read"


# the engine's JSON of a variable, and the value that the handler gets
TYPES = [
    ({"type": "File", "value": None, "valueInfo": {"filename": "x.pdf"}}, None),
    ({"type": "Bytes", "value": "AAEC"}, "AAEC"),
    ({"type": "Object", "value": '{"a": 1}', "valueInfo": {"serializationDataFormat": "application/json"}}, {"a": 1}),
    ({"type": "Object", "value": {"a": 1}}, {"a": 1}),
    ({"type": "Object", "value": None}, None),
    ({"type": "Xml", "value": "<a/>"}, "<a/>"),
    ({"type": "Json", "value": "null"}, None),
    ({"type": "Null", "value": None}, None),
    ({"type": None, "value": None}, None),
    ({"type": None, "value": 1}, 1),
    ({"type": "Long", "value": 2**63 - 1}, 2**63 - 1),
    ({"type": "Double", "value": "NaN"}, "NaN"),
    ({"type": "com.example.Own", "value": "x"}, "x"),
]


@pytest.mark.parametrize(("value", "expected"), TYPES, ids=lambda value: str(value)[:60])
def test_a_handler_gets_the_value_of_a_variable_of_each_type(fake: Any, value: Any, expected: Any) -> None:
    engine, url = fake
    task = engine.add()
    engine.tasks[task]["variables"] = {"sample_number": value}
    received: list[Any] = []

    @topic("lab.order_test", retry=QUICK)
    def handle(sample_number: Any) -> None:
        received.append(sample_number)

    with running_worker(url, [handle], long_poll_s=1):
        eventually(lambda: task in engine.ended)
    assert received == [expected]


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
def test_tasks_end_after_any_sequence_of_answers(fake: Any, cases: list[tuple[Callable[[], Any], list[str]]]) -> None:
    """Each task is completed or an incident, after at most `ATTEMPTS` runs, and the worker holds no task any more."""
    engine, url = fake
    engine.tasks.clear()
    engine.ended.clear()
    remaining = {engine.add(variables={"sample_number": n}): list(answers) for n, (_, answers) in enumerate(cases)}
    runs: Counter[int] = Counter()

    @topic("lab.order_test", retry=QUICK, errors=(KitShortage,))
    def handle(sample_number: int) -> Any:
        runs[sample_number] += 1
        return cases[sample_number][0]()

    def trouble(path: str, body: Any) -> Reply | None:
        _, task_id, called = (path + "//").split("/")[:3]
        return (
            ANSWERS[remaining[task_id].pop()]
            if called in ("complete", "failure", "bpmnError") and remaining[task_id]
            else None
        )

    engine.fault = trouble
    with running_worker(url, [handle], slots=8) as runtime:
        eventually(lambda: all(t in engine.ended or engine.tasks[t]["retries"] == 0 for t in remaining), within_s=30)
        eventually(lambda: not runtime._locks.held_tasks(), within_s=10)
    assert max(runs.values()) <= ATTEMPTS
