"""How many tasks are asked for: as many as there are free slots, and some ahead where handlers are quick."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from camunda7.worker.handler_pool import Capacity, HandlerPool
from camunda7.worker.tasks import Task
from tests.support.case import eventually


def tasks(count: int, topic: str = "a", priority: int = 0) -> list[Task]:
    found = [{"id": f"{topic}{number}", "topicName": topic, "priority": priority} for number in range(count)]
    return [Task(raw, time.monotonic()) for raw in found]


def slots_of(work: Callable[[Task], None], topics: tuple[str, ...] = ("a",), unreported: int = 0) -> HandlerPool:
    return HandlerPool(4, topics, work, lambda: unreported)


@pytest.fixture
def stuck() -> threading.Event:
    return threading.Event()


def test_as_many_are_wanted_as_slots_are_free(stuck: threading.Event) -> None:
    slots = slots_of(lambda task: stuck.wait(10))
    assert slots.wait_for_capacity(0) == Capacity(4)
    slots.add(tasks(3))
    eventually(lambda: len(slots.running()) == 3)
    assert slots.wait_for_capacity(0) == Capacity(1)
    slots.add(tasks(1, "a"))
    eventually(lambda: len(slots.running()) == 4)
    assert slots.wait_for_capacity(0.05) is None
    stuck.set()


def test_with_slow_handlers_nothing_is_fetched_ahead(stuck: threading.Event) -> None:
    slots = slots_of(lambda task: stuck.wait(0.5))
    for _ in range(3):
        slots.add(tasks(1))
        time.sleep(0.6)
    assert slots.wait_for_capacity(0) == Capacity(4)


def test_with_quick_handlers_more_are_wanted_than_there_are_slots_but_not_those_that_wait_to_be_reported() -> None:
    slots, behind = slots_of(lambda task: None), slots_of(lambda task: None, unreported=10_000)
    for some in (slots, behind):
        begun = time.monotonic()
        while time.monotonic() < begun + 0.5:
            some.add(tasks(20))
            time.sleep(0.02)
        eventually(lambda some=some: not any(some.figures().values()))
    room = slots.wait_for_capacity(0)
    assert room
    assert room.tasks > 40
    assert behind.wait_for_capacity(0.05) is None


def test_when_all_slots_are_taken_only_other_topics_are_wanted(stuck: threading.Event) -> None:
    slots = slots_of(lambda task: stuck.wait(10), ("a", "b", "c"))
    slots.add(tasks(4))
    eventually(lambda: len(slots.running()) == 4)
    assert slots.wait_for_capacity(0) == Capacity(1, frozenset("a"))
    # b gets the spare slot; then nothing more is wanted
    slots.add(tasks(1, "b"))
    eventually(lambda: len(slots.running()) == 5)
    assert slots.wait_for_capacity(0.05) is None
    stuck.set()


def test_a_topic_that_holds_all_slots_is_not_fetched_ahead_while_another_is_quick(stuck: threading.Event) -> None:
    slots = slots_of(lambda task: stuck.wait(10) if task.topic == "slow" else None, ("slow", "quick"))
    slots.add(tasks(4, "slow"))
    eventually(lambda: len(slots.running()) == 4)
    began = time.monotonic()
    while time.monotonic() < began + 0.5:
        slots.add(tasks(5, "quick"))
        time.sleep(0.02)
    eventually(lambda: not slots.figures()["waiting"])
    room = slots.wait_for_capacity(0)
    assert room
    assert room.tasks > 1
    assert room.excluded_topics == {"slow"}
    stuck.set()


def test_what_waits_too_long_can_be_taken_out(stuck: threading.Event) -> None:
    slots = slots_of(lambda task: stuck.wait(10))
    slots.add(tasks(6))
    eventually(lambda: len(slots.running()) == 4)
    assert slots.remove_queued(at_least_s=60) == []
    assert len(slots.remove_queued()) == 2
    assert slots.figures() == {"waiting": 0, "running": 4}
    stuck.set()


def test_a_task_of_higher_priority_that_comes_later_goes_first(stuck: threading.Event) -> None:
    order: list[int] = []

    def work(task: Task) -> None:
        stuck.wait(10)
        order.append(task.priority)

    slots = HandlerPool(1, ("a",), work, lambda: 0)
    slots.add(tasks(1, priority=0))
    eventually(lambda: len(slots.running()) == 1)
    for priority in (2, 9, 5):
        slots.add(tasks(1, priority=priority))
    stuck.set()
    eventually(lambda: len(order) == 4)
    assert order == [0, 9, 5, 2]
