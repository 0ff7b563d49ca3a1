"""Concurrency: free slots are refilled at once, and a slow topic doesn't delay a fast one."""

from __future__ import annotations

import threading
import time

from camunda7.worker import Context, topic
from tests.support.case import eventually
from tests.support.external_tasks import ExternalTasks
from tests.support.proxy import Proxy
from tests.support.running_worker import running_worker


def test_a_free_slot_is_refilled_before_the_rest_of_the_batch_ends(work: ExternalTasks) -> None:
    release = threading.Event()

    @topic(work.topic)
    def handle(sample_number: int) -> None:
        if sample_number == 0:
            release.wait(60)

    work.start(1, sample_number=0)
    work.start(15, sample_number=1)
    with running_worker(**work.worker, functions=[handle], slots=2):
        eventually(lambda: work.count_open() == 1)
        release.set()
        eventually(lambda: work.count_open() == 0)


def test_a_slow_topic_does_not_delay_a_fast_one(work: ExternalTasks) -> None:
    release, slow, fast = threading.Event(), work.topic + ".slow", work.topic + ".fast"
    running: list[int] = []

    @topic(slow)
    def handle_slow() -> None:
        running.append(1)
        release.wait(60)

    @topic(fast)
    def handle_fast() -> None:
        pass

    work.start(20, topic=slow)
    with running_worker(**work.worker, functions=[handle_slow, handle_fast], slots=4):
        eventually(lambda: len(running) == 4)
        work.start(20, topic=fast)
        eventually(lambda: work.count_open(fast) == 0)
        assert len(running) == 4, "a fast task waited for a slow one"
        release.set()
        eventually(lambda: work.count_open(slow) == 0)


def test_tasks_are_executed_by_descending_priority(work: ExternalTasks) -> None:
    order: list[int] = []

    @topic(work.topic)
    def handle(testing_priority: int) -> None:
        order.append(testing_priority)

    priorities = [3, 14, 1, 5, 9, 26]
    for priority in priorities:
        work.start(priority=priority, testing_priority=priority)
    with running_worker(**work.worker, functions=[handle], slots=1):
        eventually(lambda: work.count_open() == 0)
    assert order == sorted(priorities, reverse=True)


def test_each_of_many_waiting_tasks_is_executed_once(work: ExternalTasks) -> None:
    """`make bench` does the same with 10,000 tasks."""
    done: list[str] = []

    @topic(work.topic)
    def handle(context: Context) -> None:
        done.append(context.task_id)

    tasks = work.start(100)
    with running_worker(**work.worker, functions=[handle], slots=16):
        eventually(lambda: work.count_open() == 0)
    assert sorted(done) == sorted(tasks)


def test_a_worker_without_topics_uses_long_polls_as_well(proxied_work: tuple[ExternalTasks, Proxy]) -> None:
    work, proxy = proxied_work
    polls: list[str] = []
    proxy.fault = lambda path: polls.append(path) if path.endswith("/fetchAndLock") else None
    with running_worker(**work.worker, functions=[], long_poll_s=2):
        time.sleep(3)
    # two long polls of 2 s, one fetch that ends a predecessor's poll, and one that ends the last at the shutdown
    assert 1 <= len(polls) <= 5
