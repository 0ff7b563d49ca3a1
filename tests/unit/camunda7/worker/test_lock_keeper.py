"""Which fetched tasks are begun: not those that are in hand, nor those that have just ended."""

from __future__ import annotations

import time

from camunda7.worker.client import TaskClient
from camunda7.worker.lock_keeper import LockKeeper
from camunda7.worker.metrics import Metrics
from camunda7.worker.tasks import Task, TaskState
from camunda7.worker.threads import Threads


def fetched(locked_at: float | None = None) -> Task:
    return Task({"id": "t1", "topicName": "lab.order_test"}, locked_at or time.monotonic())


def locks() -> LockKeeper:
    client = TaskClient("w", "http://127.0.0.1:1", "u", "p", lock_s=20, long_poll_s=20)
    return LockKeeper(client, Threads(1, "test"), Metrics())


def test_a_task_that_was_fetched_just_before_its_report_was_taken_is_not_begun_again() -> None:
    held, task = locks(), fetched()
    assert held.register(task)
    held.unregister(task, is_deleted=True)
    assert not held.register(fetched())


def test_one_that_was_handed_back_may_come_again() -> None:
    held, task = locks(), fetched()
    assert held.register(task)
    held.unregister(task)
    assert held.register(fetched())


def test_a_second_fetch_renews_the_lock_of_what_is_in_hand() -> None:
    held, task, again = locks(), fetched(1.0), fetched(2.0)
    assert held.register(task)
    assert not held.register(again)
    assert (task.locked_at, task.next_delivery) == (2.0, None)


def test_the_next_try_that_came_before_the_answer_to_the_failure_isnt_forgotten() -> None:
    held, task, again = locks(), fetched(), fetched()
    assert held.register(task)
    task.enter(TaskState.REPORT_PENDING)
    task.enter(TaskState.REPORTING)
    assert not held.register(again)
    assert task.next_delivery is again
