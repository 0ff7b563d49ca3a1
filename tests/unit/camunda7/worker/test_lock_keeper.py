"""Fetched tasks are started unless they are held already or have just ended."""

from __future__ import annotations

import time

from camunda7.worker.client import TaskClient
from camunda7.worker.lock_keeper import LockKeeper
from camunda7.worker.metrics import Metrics
from camunda7.worker.tasks import Task, TaskState
from camunda7.worker.threads import Threads


def fetched_task(locked_at: float | None = None) -> Task:
    return Task({"id": "t1", "topicName": "lab.order_test"}, locked_at or time.monotonic())


def create_lock_keeper() -> LockKeeper:
    client = TaskClient("w", "http://127.0.0.1:1", "u", "p", lock_s=20, long_poll_s=20)
    return LockKeeper(client, Threads(1, "test"), Metrics())


def test_a_task_fetched_just_before_its_report_was_accepted_is_not_started_again() -> None:
    keeper, task = create_lock_keeper(), fetched_task()
    assert keeper.register(task)
    keeper.unregister(task, is_deleted=True)
    assert not keeper.register(fetched_task())


def test_an_unlocked_task_may_be_fetched_again() -> None:
    keeper, task = create_lock_keeper(), fetched_task()
    assert keeper.register(task)
    keeper.unregister(task)
    assert keeper.register(fetched_task())


def test_a_second_fetch_renews_the_lock_of_a_held_task() -> None:
    keeper, task, again = create_lock_keeper(), fetched_task(1.0), fetched_task(2.0)
    assert keeper.register(task)
    assert not keeper.register(again)
    assert (task.locked_at, task.next_delivery) == (2.0, None)


def test_a_retry_fetched_before_the_answer_to_the_failure_report_is_the_next_delivery() -> None:
    keeper, task, again = create_lock_keeper(), fetched_task(), fetched_task()
    assert keeper.register(task)
    task.enter(TaskState.REPORT_PENDING)
    task.enter(TaskState.REPORTING)
    assert not keeper.register(again)
    assert task.next_delivery is again
