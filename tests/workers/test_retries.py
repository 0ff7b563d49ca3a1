"""Failures are counted down, with growing pauses, to one incident; a due try isn't waited for."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from camunda7.variables import ENGINE_TIME
from camunda7.worker import Retry, topic
from tests.support.case import eventually
from tests.support.work import Work
from tests.support.working import working


class LabIsAway(Exception):
    pass


def test_retries_are_counted_down_to_exactly_one_incident(work: Work) -> None:
    begun: list[float] = []

    @topic(work.topic, retry=Retry(attempts=4, first="500ms", most="1s"))
    def handle() -> None:
        begun.append(time.monotonic())
        raise LabIsAway("for Ada Lovelace")

    work.starts()
    with working(**work.worker, functions=[handle]):
        eventually(work.incidents)
        time.sleep(1.5)
    assert len(begun) == 4
    failures = work.deliveries("failureLog")
    # the history has what was left before
    assert [entry["retries"] for entry in failures] == [None, 3, 2, 1]
    assert {entry["errorMessage"] for entry in failures} == {"LabIsAway"}
    assert len(work.incidents()) == 1


def test_a_due_retry_is_picked_up_at_once_although_the_poll_lasts_20_s(work: Work) -> None:
    begun: list[float] = []

    @topic(work.topic, retry=Retry(attempts=2, first="4s", most="4s"))
    def handle() -> None:
        begun.append(time.time())
        if len(begun) == 1:
            raise LabIsAway

    work.starts()
    with working(**work.worker, functions=[handle], long_poll_s=20):
        eventually(lambda: work.deliveries("failureLog"))
        (task,) = work.engine.get("/external-task", topicName=work.topic)
        due = datetime.strptime(task["lockExpirationTime"], ENGINE_TIME).timestamp()
        eventually(lambda: work.left() == 0)
    assert task["retries"] == 1
    assert due - 0.1 <= begun[1] < due + 10


def test_the_lock_of_a_worker_that_died_is_not_waited_for_beyond_its_end(work: Work) -> None:
    @topic(work.topic)
    def handle() -> None:
        pass

    (task,) = work.starts()
    work.engine.post(f"/external-task/{task}/lock", {"workerId": "dead", "lockDuration": 3000})
    begun = time.monotonic()
    with working(**work.worker, functions=[handle], long_poll_s=20):
        eventually(lambda: work.left() == 0)
    assert 1.5 < time.monotonic() - begun < 15


def test_the_diagram_may_say_how_often(work: Work) -> None:
    @topic(work.topic, retry=Retry(attempts=50, first="1h", most="1h"))
    def handle() -> None:
        raise LabIsAway

    work.starts(process="runtime_retry")
    with working(**work.worker, functions=[handle]):
        eventually(work.incidents)
    assert [entry["retries"] for entry in work.deliveries("failureLog")] == [None, 2, 1]


@pytest.mark.parametrize("failures", [1, 2, 3, 6])
def test_pauses_grow_to_their_limit(failures: int) -> None:
    retry = Retry(first="1s", most="10s")
    longest = min(10, 2 ** (failures - 1))
    pauses = [retry.pause_s(failures) for _ in range(200)]
    assert 0 <= min(pauses) < 0.2 * longest
    assert 0.8 * longest < max(pauses) <= longest
