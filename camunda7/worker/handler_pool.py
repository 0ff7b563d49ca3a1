"""Thread pool that runs handlers, with a priority queue of fetched tasks."""

from __future__ import annotations

import itertools
import threading
import time
from bisect import insort
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from camunda7.worker.tasks import Task
from camunda7.worker.threads import call_safely, run_until

# tasks are prefetched for the duration of this many fetches, within these bounds in seconds
FETCHES_AHEAD = 10
MIN_AHEAD_S = 0.2
MAX_AHEAD_S = 3.0
# tasks that are queued for longer are unlocked, for another process to run
MAX_QUEUED_S = 5.0
RATE_WINDOW_S = 0.2


@dataclass(frozen=True)
class Capacity:
    """Number of tasks that may be fetched now.

    Attributes:
        excluded_topics: topics that must not be fetched, because they hold slots while none is free.
    """

    tasks: int
    excluded_topics: frozenset[str] = frozenset()


class HandlerPool:
    """Threads that run handlers, and a queue of fetched tasks.

    All slots may be used by one topic. A few spare ones are only for topics without a running handler, so that a slow
    topic that uses all slots doesn't block the others.

    Tasks are prefetched, so that a free slot has a next task: a fetch takes the engine longer the more tasks it has,
    however few are fetched. But a task shouldn't be queued here while another process could run it. So as many are
    prefetched as handlers return during some fetches: many for handlers of milliseconds and a long queue, none for
    handlers of seconds. While all slots are used, no task is prefetched of a topic whose handlers don't return: it
    would take the place of tasks that could run.

    Args:
        count: number of slots.
        topics: all topics of tasks.
        work: Runtime._work, which runs a task's handler; the slot is free when it returns.
        unreported: returns the number of results whose report is pending; these count as used slots, otherwise more and
            more tasks would be fetched from a slow engine.
    """

    def __init__(
        self, count: int, topics: Collection[str], work: Callable[[Task], None], unreported: Callable[[], int]
    ):
        self._count = count
        self._topics = frozenset(topics)
        self._spare = min(max(1, count // 4), max(0, len(topics) - 1))
        self._work = work
        self._unreported = unreported
        self._waiting: list[tuple[int, int, Task]] = []
        self._queued_at: dict[Task, float] = {}
        self._running: set[Task] = set()
        self._busy: Counter[str] = Counter()
        self._returned: Counter[str] = Counter()
        self._returning_topics: frozenset[str] = frozenset()
        self._rate_window_start = time.monotonic()
        self._returns_per_s = 0.0
        self.fetch_duration_s = 0.0
        self._sequence = itertools.count()
        self._closed = False
        self._guard = threading.Lock()
        self._task_added = threading.Condition(self._guard)
        self._capacity_changed = threading.Condition(self._guard)
        self._capacity_wanted = False
        self.on_slot_released: Callable[[], None] | None = None
        for number in range(count + self._spare):
            arguments = (threading.Event(), self._run)
            threading.Thread(target=run_until, args=arguments, name=f"slot-{number}", daemon=True).start()

    def add(self, tasks: list[Task]) -> None:
        """Queue tasks for the next free slots."""
        with self._guard:
            for task in tasks:
                insort(self._waiting, (-task.priority, next(self._sequence), task))
                self._queued_at[task] = time.monotonic()
                self._task_added.notify()

    def wait_for_capacity(self, timeout_s: float) -> Capacity | None:
        """Wait until tasks should be fetched; returns None after `timeout_s` seconds."""
        with self._guard:
            self._capacity_wanted = True
            self._capacity_changed.wait_for(lambda: self._closed or self._capacity(), timeout_s)
            self._capacity_wanted = False
            return None if self._closed else self._capacity()

    def notify_capacity_changed(self) -> None:
        """Wake wait_for_capacity(), because the number of pending reports has changed."""
        with self._guard:
            self._notify_capacity()

    def close(self) -> None:
        """Start no more handlers."""
        with self._guard:
            self._closed = True
            self._capacity_changed.notify_all()

    def remove_queued(self, at_least_s: float = 0.0) -> list[Task]:
        """Remove the tasks that have been queued for at least this time, and return them."""
        with self._guard:
            before = time.monotonic() - at_least_s
            removed = [task for _, _, task in self._waiting if self._queued_at[task] <= before]
            self._waiting = [entry for entry in self._waiting if entry[2] not in removed]
            for task in removed:
                del self._queued_at[task]
            return removed

    def running(self) -> list[Task]:
        with self._guard:
            return list(self._running)

    def figures(self) -> dict[str, int]:
        """Number of queued and of running tasks."""
        with self._guard:
            return {"waiting": len(self._waiting), "running": len(self._running)}

    def _run(self, stopped: threading.Event) -> None:
        while not stopped.is_set():
            task = self._next()
            call_safely(self._work, task)
            self._done(task)

    def _next(self) -> Task:
        with self._guard:
            while (index := self._eligible()) is None:
                self._task_added.wait()
            task = self._waiting.pop(index)[2]
            del self._queued_at[task]
            self._running.add(task)
            self._busy[task.topic] += 1
            # with the last slot in use, tasks for the spare ones may be fetched
            self._notify_capacity()
            return task

    def _eligible(self) -> int | None:
        """Index of the first queued task that may start."""
        if self._closed or not self._waiting:
            return None
        if len(self._running) < self._count:
            return 0
        return next((i for i, (_, _, task) in enumerate(self._waiting) if not self._busy[task.topic]), None)

    def _done(self, task: Task) -> None:
        with self._guard:
            self._running.discard(task)
            self._busy[task.topic] -= 1
            self._returned[task.topic] += 1
            if self._waiting:
                self._task_added.notify()
            self._notify_capacity()
            on_slot_released = self.on_slot_released
        if on_slot_released:
            on_slot_released()

    def _notify_capacity(self) -> None:
        if self._capacity_wanted and self._capacity():
            self._capacity_changed.notify()

    def _capacity(self) -> Capacity | None:
        prefetched = self._prefetch_count()
        held = len(self._waiting) + len(self._running) + self._unreported()
        free = self._count + prefetched - held
        if free >= max(1, prefetched // 2):
            return Capacity(free, self._blocked_topics())
        if len(self._running) < self._count:
            return None
        spare = self._spare - max(0, -free)
        present = self._present_topics()
        return Capacity(spare, present) if spare > 0 and present < self._topics else None

    def _prefetch_count(self) -> int:
        now = time.monotonic()
        if now - self._rate_window_start > RATE_WINDOW_S:
            self._returns_per_s = self._returned.total() / (now - self._rate_window_start)
            self._returning_topics = frozenset(self._returned)
            self._returned, self._rate_window_start = Counter(), now
        ahead_s = min(MAX_AHEAD_S, max(MIN_AHEAD_S, FETCHES_AHEAD * self.fetch_duration_s))
        return int(ahead_s * self._returns_per_s)

    def _blocked_topics(self) -> frozenset[str]:
        """Return, while all slots are in use, the running topics whose handlers haven't returned lately."""
        if len(self._running) < self._count:
            return frozenset()
        return frozenset(topic for topic, running in self._busy.items() if running) - self._returning_topics

    def _present_topics(self) -> frozenset[str]:
        waiting = {task.topic for _, _, task in self._waiting}
        return frozenset(waiting | {topic for topic, running in self._busy.items() if running})
