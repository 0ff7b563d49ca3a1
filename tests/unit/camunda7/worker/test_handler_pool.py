"""Capacity of the handler pool: one task per free slot, and prefetched tasks if handlers are quick."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from camunda7.worker.handler_pool import Capacity, HandlerPool
from camunda7.worker.tasks import Task
from tests.support.case import eventually


def tasks(count: int, topic: str = "a", priority: int = 0) -> list[Task]:
    raw_tasks = [{"id": f"{topic}{number}", "topicName": topic, "priority": priority} for number in range(count)]
    return [Task(raw, time.monotonic()) for raw in raw_tasks]


def create_pool(work: Callable[[Task], None], topics: tuple[str, ...] = ("a",), unreported: int = 0) -> HandlerPool:
    return HandlerPool(4, topics, work, lambda: unreported)


@pytest.fixture
def stuck() -> threading.Event:
    return threading.Event()


def test_the_capacity_is_the_number_of_free_slots(stuck: threading.Event) -> None:
    pool = create_pool(lambda task: stuck.wait(10))
    assert pool.wait_for_capacity(0) == Capacity(4)
    pool.add(tasks(3))
    eventually(lambda: len(pool.running()) == 3)
    assert pool.wait_for_capacity(0) == Capacity(1)
    pool.add(tasks(1, "a"))
    eventually(lambda: len(pool.running()) == 4)
    assert pool.wait_for_capacity(0.05) is None
    stuck.set()


def test_slow_handlers_have_no_task_prefetched(stuck: threading.Event) -> None:
    pool = create_pool(lambda task: stuck.wait(0.5))
    for _ in range(3):
        pool.add(tasks(1))
        time.sleep(0.6)
    assert pool.wait_for_capacity(0) == Capacity(4)


def test_quick_handlers_have_tasks_prefetched_unless_reports_are_pending() -> None:
    pool, backlogged = create_pool(lambda task: None), create_pool(lambda task: None, unreported=10_000)
    for each in (pool, backlogged):
        began = time.monotonic()
        while time.monotonic() < began + 0.5:
            each.add(tasks(20))
            time.sleep(0.02)
        eventually(lambda each=each: not any(each.figures().values()))
    capacity = pool.wait_for_capacity(0)
    assert capacity
    assert capacity.tasks > 40
    assert backlogged.wait_for_capacity(0.05) is None


def test_with_all_slots_used_by_a_topic_only_other_topics_are_fetched(stuck: threading.Event) -> None:
    pool = create_pool(lambda task: stuck.wait(10), ("a", "b", "c"))
    pool.add(tasks(4))
    eventually(lambda: len(pool.running()) == 4)
    assert pool.wait_for_capacity(0) == Capacity(1, frozenset("a"))
    # b uses the spare slot, after which there is no capacity
    pool.add(tasks(1, "b"))
    eventually(lambda: len(pool.running()) == 5)
    assert pool.wait_for_capacity(0.05) is None
    stuck.set()


def test_a_topic_that_uses_all_slots_is_not_prefetched_while_another_is_quick(stuck: threading.Event) -> None:
    pool = create_pool(lambda task: stuck.wait(10) if task.topic == "slow" else None, ("slow", "quick"))
    pool.add(tasks(4, "slow"))
    eventually(lambda: len(pool.running()) == 4)
    began = time.monotonic()
    while time.monotonic() < began + 0.5:
        pool.add(tasks(5, "quick"))
        time.sleep(0.02)
    eventually(lambda: not pool.figures()["waiting"])
    capacity = pool.wait_for_capacity(0)
    assert capacity
    assert capacity.tasks > 1
    assert capacity.excluded_topics == {"slow"}
    stuck.set()


def test_queued_tasks_can_be_removed_by_their_age(stuck: threading.Event) -> None:
    pool = create_pool(lambda task: stuck.wait(10))
    pool.add(tasks(6))
    eventually(lambda: len(pool.running()) == 4)
    assert pool.remove_queued(at_least_s=60) == []
    assert len(pool.remove_queued()) == 2
    assert pool.figures() == {"waiting": 0, "running": 4}
    stuck.set()


def test_a_queued_task_of_higher_priority_runs_first(stuck: threading.Event) -> None:
    order: list[int] = []

    def work(task: Task) -> None:
        stuck.wait(10)
        order.append(task.priority)

    pool = HandlerPool(1, ("a",), work, lambda: 0)
    pool.add(tasks(1, priority=0))
    eventually(lambda: len(pool.running()) == 1)
    for priority in (2, 9, 5):
        pool.add(tasks(1, priority=priority))
    stuck.set()
    eventually(lambda: len(order) == 4)
    assert order == [0, 9, 5, 2]
