"""Locks are renewed while their handlers run; a lost lock cancels the handler."""

from __future__ import annotations

import threading
import time
from typing import Any

from camunda7.worker import Context, topic
from tests.support.case import eventually
from tests.support.external_tasks import ExternalTasks
from tests.support.running_worker import running_worker


def test_a_handler_may_run_longer_than_its_lock(work: ExternalTasks) -> None:
    calls: list[int] = []

    @topic(work.topic)
    def handle() -> None:
        calls.append(1)
        time.sleep(5)

    work.start(3)
    with (
        running_worker(**work.worker, functions=[handle], lock_s=2, worker_id="locks-1"),
        running_worker(**work.worker, functions=[handle], lock_s=2, worker_id="locks-2"),
    ):
        eventually(lambda: work.count_open() == 0)
    assert len(calls) == 3


def test_a_lost_lock_cancels_the_handler_and_its_result_is_not_sent(work: ExternalTasks) -> None:
    started, cancelled = threading.Event(), threading.Event()

    @topic(work.topic)
    def handle(context: Context) -> dict[str, Any]:
        started.set()
        eventually(lambda: context.cancelled)
        cancelled.set()
        return {"visit_note": "too late"}

    (task,) = work.start()
    with running_worker(**work.worker, functions=[handle], slots=1, lock_s=2) as runtime:
        assert started.wait(20)
        # when the task is unlocked by an administrator, and another worker locks it
        work.engine.post(f"/external-task/{task}/unlock")
        work.engine.post(f"/external-task/{task}/lock", {"workerId": "another", "lockDuration": 60_000})
        assert cancelled.wait(5)
        eventually(lambda: runtime.metrics.lost_locks.labels(work.topic)._value.get() == 1)
    assert work.task(task)["workerId"] == "another"
    assert work.engine.get("/history/variable-instance", variableName="visit_note", variableValue="too late") == []


def test_tasks_that_wait_too_long_for_a_slot_are_unlocked_for_other_workers(work: ExternalTasks) -> None:
    """The handlers become slow, so that prefetched tasks wait; another worker executes them."""
    calls: dict[str, list[int]] = {"slow": [], "other": []}
    release = threading.Event()

    @topic(work.topic)
    def slow() -> None:
        calls["slow"].append(1)
        if len(calls["slow"]) > 40:
            release.wait(60)

    @topic(work.topic)
    def other() -> None:
        calls["other"].append(1)

    work.start(100)
    with running_worker(**work.worker, functions=[slow], slots=2, worker_id="slow"):
        eventually(lambda: len(calls["slow"]) == 42)
        with running_worker(**work.worker, functions=[other], slots=2, worker_id="other"):
            eventually(lambda: work.count_open() == 2)
        release.set()
        eventually(lambda: work.count_open() == 0)
    assert (len(calls["slow"]), len(calls["other"])) == (42, 58)
