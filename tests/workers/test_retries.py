"""Retries: a failed task is retried with growing pauses until its incident; a due retry is fetched at once."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from camunda7.variables import ENGINE_TIME
from camunda7.worker import Retry, topic
from tests.support.case import eventually
from tests.support.external_tasks import ExternalTasks
from tests.support.running_worker import running_worker


class LabUnreachable(Exception):
    pass


def test_retries_are_counted_down_to_exactly_one_incident(work: ExternalTasks) -> None:
    started_at: list[float] = []

    @topic(work.topic, retry=Retry(attempts=4, first="500ms", most="1s"))
    def handle() -> None:
        started_at.append(time.monotonic())
        raise LabUnreachable("for Ada Lovelace")

    work.start()
    with running_worker(**work.worker, functions=[handle]):
        eventually(work.incidents)
        time.sleep(1.5)
    assert len(started_at) == 4
    failures = work.failures()
    # the history has the number of retries before each failure
    assert [entry["retries"] for entry in failures] == [None, 3, 2, 1]
    assert {entry["errorMessage"] for entry in failures} == {"LabUnreachable"}
    assert len(work.incidents()) == 1


def test_a_due_retry_is_fetched_at_once_although_the_poll_lasts_20_s(work: ExternalTasks) -> None:
    started_at: list[float] = []

    @topic(work.topic, retry=Retry(attempts=2, first="4s", most="4s"))
    def handle() -> None:
        started_at.append(time.time())
        if len(started_at) == 1:
            raise LabUnreachable

    work.start()
    with running_worker(**work.worker, functions=[handle], long_poll_s=20):
        eventually(lambda: work.failures())
        (task,) = work.engine.get("/external-task", topicName=work.topic)
        due = datetime.strptime(task["lockExpirationTime"], ENGINE_TIME).timestamp()
        eventually(lambda: work.count_open() == 0)
    assert task["retries"] == 1
    assert due - 0.1 <= started_at[1] < due + 10


def test_a_dead_workers_task_is_fetched_as_soon_as_its_lock_expires(work: ExternalTasks) -> None:
    @topic(work.topic)
    def handle() -> None:
        pass

    (task,) = work.start()
    work.engine.post(f"/external-task/{task}/lock", {"workerId": "dead", "lockDuration": 3000})
    started_at = time.monotonic()
    with running_worker(**work.worker, functions=[handle], long_poll_s=20):
        eventually(lambda: work.count_open() == 0)
    assert 1.5 < time.monotonic() - started_at < 15


def test_extension_properties_override_the_handlers_retry_policy(work: ExternalTasks) -> None:
    @topic(work.topic, retry=Retry(attempts=50, first="1h", most="1h"))
    def handle() -> None:
        raise LabUnreachable

    work.start(process="runtime_retry")
    with running_worker(**work.worker, functions=[handle]):
        eventually(work.incidents)
    assert [entry["retries"] for entry in work.failures()] == [None, 2, 1]


@pytest.mark.parametrize("failures", [1, 2, 3, 6])
def test_pauses_grow_to_their_limit(failures: int) -> None:
    retry = Retry(first="1s", most="10s")
    longest = min(10, 2 ** (failures - 1))
    pauses = [retry.pause_s(failures) for _ in range(200)]
    assert 0 <= min(pauses) < 0.2 * longest
    assert 0.8 * longest < max(pauses) <= longest
