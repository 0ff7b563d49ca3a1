"""A handler's result is delivered despite failures of the engine, and the handler isn't executed again."""

from __future__ import annotations

import logging
import os
import threading
import time

import pytest

from camunda7.worker import Retry, reports, topic
from tests.support.case import eventually
from tests.support.external_tasks import ExternalTasks
from tests.support.proxy import ANSWER_LOST, CUT, Proxy
from tests.support.running_worker import running_worker

# seconds; the environment variable sets a longer outage
OUTAGE_S = float(os.environ.get("OUTAGE_S", "8"))
LOCK_S = 3


@pytest.mark.parametrize("trouble", [500, 503, CUT, ANSWER_LOST])
def test_a_failed_complete_call_is_repeated(proxied_work: tuple[ExternalTasks, Proxy], trouble: int | str) -> None:
    work, proxy = proxied_work
    calls: list[int] = []
    failing = [trouble] * 3
    proxy.fault = lambda path: failing.pop() if path.endswith("/complete") and failing else None

    @topic(work.topic)
    def handle() -> None:
        calls.append(1)

    work.start()
    with running_worker(**work.worker, functions=[handle]):
        eventually(lambda: work.count_open() == 0)
    assert calls == [1]
    assert work.count_completed() == 1


def test_results_are_delivered_after_an_outage_longer_than_the_lock(proxied_work: tuple[ExternalTasks, Proxy]) -> None:
    work, proxy = proxied_work
    calls: list[int] = []
    outage, resume = threading.Event(), threading.Event()
    proxy.fault = lambda path: CUT if outage.is_set() else None

    @topic(work.topic)
    def handle(sample_number: int) -> None:
        calls.append(sample_number)
        if sample_number < 3:
            resume.wait(120)

    for number in range(6):
        work.start(sample_number=number)
    with running_worker(**work.worker, functions=[handle], slots=3, lock_s=LOCK_S):
        eventually(lambda: sorted(calls)[:3] == [0, 1, 2] or len(calls) >= 3)
        outage.set()
        # the handlers keep running while the engine can't be reached, and all locks expire
        time.sleep(OUTAGE_S)
        outage.clear()
        time.sleep(1)
        resume.set()
        eventually(lambda: work.count_open() == 0)
    assert sorted(calls) == [0, 1, 2, 3, 4, 5]


def test_tasks_of_a_slow_engine_are_executed_once(proxied_work: tuple[ExternalTasks, Proxy]) -> None:
    work, proxy = proxied_work
    calls: list[int] = []
    proxy.fault = lambda path: time.sleep(0.7)

    @topic(work.topic)
    def handle() -> None:
        calls.append(1)

    work.start(20)
    with running_worker(**work.worker, functions=[handle], lock_s=LOCK_S):
        eventually(lambda: work.count_open() == 0)
    assert len(calls) == 20


def test_an_engine_that_answers_500_for_a_while_causes_no_second_execution(
    proxied_work: tuple[ExternalTasks, Proxy], caplog: pytest.LogCaptureFixture
) -> None:
    work, proxy = proxied_work
    calls: list[int] = []
    broken = threading.Event()
    proxy.fault = lambda path: 500 if broken.is_set() else None

    @topic(work.topic)
    def handle() -> None:
        calls.append(1)
        broken.set()

    caplog.set_level(logging.INFO)
    work.start()
    with running_worker(**work.worker, functions=[handle], long_poll_s=1):
        eventually(broken.is_set)
        time.sleep(1)
        broken.clear()
        eventually(lambda: work.count_open() == 0)
    assert calls == [1]
    assert len(caplog.records) < 20


def test_conflicts_between_tasks_of_one_instance_are_retried(work: ExternalTasks) -> None:
    calls: list[int] = []

    @topic(work.topic)
    def handle() -> None:
        calls.append(1)

    work.start(process="runtime_together")
    with running_worker(**work.worker, functions=[handle], slots=16) as runtime:
        eventually(lambda: work.count_open() == 0)
        errors = runtime.metrics.call_errors.labels("complete")._value.get()
    assert len(calls) == 16
    assert work.failures() == []
    # control: the engine did refuse some calls (OptimisticLockingException)
    assert errors > 0


def test_a_complete_that_always_fails_becomes_one_incident(work: ExternalTasks) -> None:
    calls: list[int] = []

    @topic(work.topic, retry=Retry(attempts=2, first="100ms", most="100ms"))
    def handle() -> None:
        calls.append(1)

    (task,) = work.start(process="runtime_broken")
    with running_worker(**work.worker, functions=[handle]):
        eventually(work.incidents)
    (incident,) = work.incidents()
    assert incident["incidentMessage"] == f"EngineRefused: POST /{task}/complete: 500 ProcessEngineException"
    assert len(calls) == 2


@pytest.mark.parametrize("by", ["process-instance", "process-definition"])
def test_the_results_of_suspended_instances_are_delivered_when_they_are_activated(
    work: ExternalTasks, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """Locks are renewed all the time, also as the instances are suspended and activated."""
    monkeypatch.setattr(reports, "MAX_SUSPENDED_PAUSE_S", 0.5)
    runs: list[int] = []
    resume = threading.Event()

    @topic(work.topic, retry=Retry(attempts=1))
    def handle() -> None:
        runs.append(1)
        resume.wait(60)

    # the other variant suspends all instances of its definition
    tasks = work.start(8, process="runtime_suspended" if by == "process-definition" else "runtime_work")
    of_task = work.task(tasks[0])

    def suspend(suspended: bool) -> None:
        if by == "process-definition":
            body = {"suspended": suspended, "includeProcessInstances": True}
            work.engine.put(f"/process-definition/{of_task['processDefinitionId']}/suspended", body)
            return
        for task in tasks:
            instance = work.task(task)["processInstanceId"]
            work.engine.put(f"/process-instance/{instance}/suspended", {"suspended": suspended})

    with running_worker(**work.worker, functions=[handle], slots=8, lock_s=1) as runtime:
        eventually(lambda: len(runs) == 8)
        suspend(True)
        resume.set()
        eventually(lambda: runtime.metrics.call_errors.labels("complete")._value.get() > 8 * 7)
        suspend(False)
        eventually(lambda: work.count_open() == 0, within_s=20)
    assert len(runs) == 8
    assert work.failures() == []
