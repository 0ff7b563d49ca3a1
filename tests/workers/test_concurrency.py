"""Slots are filled as they become free; slow work holds up nothing else."""

from __future__ import annotations

import threading
import time

from camunda7.worker import Context, topic
from tests.support.case import eventually
from tests.support.proxy import Proxy
from tests.support.work import Work
from tests.support.working import working


def test_a_slot_is_filled_again_without_waiting_for_the_rest_of_a_batch(work: Work) -> None:
    stuck = threading.Event()

    @topic(work.topic)
    def handle(sample_number: int) -> None:
        if sample_number == 0:
            stuck.wait(60)

    work.starts(1, sample_number=0)
    work.starts(15, sample_number=1)
    with working(**work.worker, functions=[handle], slots=2):
        eventually(lambda: work.left() == 1)
        stuck.set()
        eventually(lambda: work.left() == 0)


def test_a_slow_topic_does_not_hold_up_a_fast_one_beside_it(work: Work) -> None:
    stuck, slow, fast = threading.Event(), work.topic + ".slow", work.topic + ".fast"
    running: list[int] = []

    @topic(slow)
    def handle_slow() -> None:
        running.append(1)
        stuck.wait(60)

    @topic(fast)
    def handle_fast() -> None:
        pass

    work.starts(20, topic=slow)
    with working(**work.worker, functions=[handle_slow, handle_fast], slots=4):
        eventually(lambda: len(running) == 4)
        work.starts(20, topic=fast)
        eventually(lambda: work.left(fast) == 0)
        assert len(running) == 4, "it waited for a slow one"
        stuck.set()
        eventually(lambda: work.left(slow) == 0)


def test_the_highest_priority_goes_first(work: Work) -> None:
    order: list[int] = []

    @topic(work.topic)
    def handle(testing_priority: int) -> None:
        order.append(testing_priority)

    given = [3, 14, 1, 5, 9, 26]
    for priority in given:
        work.starts(priority=priority, testing_priority=priority)
    with working(**work.worker, functions=[handle], slots=1):
        eventually(lambda: work.left() == 0)
    assert order == sorted(given, reverse=True)


def test_many_waiting_tasks_are_each_worked_on_once(work: Work) -> None:
    """`make bench` has ten thousand."""
    done: list[str] = []

    @topic(work.topic)
    def handle(context: Context) -> None:
        done.append(context.task_id)

    tasks = work.starts(100)
    with working(**work.worker, functions=[handle], slots=16):
        eventually(lambda: work.left() == 0)
    assert sorted(done) == sorted(tasks)


def test_a_lane_without_topics_waits_as_the_others_do(troubled: tuple[Work, Proxy]) -> None:
    work, proxy = troubled
    polls: list[str] = []
    proxy.trouble = lambda path: polls.append(path) if path.endswith("/fetchAndLock") else None
    with working(**work.worker, functions=[], long_poll_s=2):
        time.sleep(3)
    # beside the two that last 2 s: one that ends what a predecessor left, one that ends the last
    assert 1 <= len(polls) <= 5
