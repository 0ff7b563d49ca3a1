"""The threads that run handlers: as many at the same time as there are slots, tasks of the highest priority first."""

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

# tasks are fetched ahead for this many fetches, within these bounds in seconds
FETCHES_AHEAD = 10
AHEAD_AT_LEAST_S = 0.2
AHEAD_AT_MOST_S = 3.0
# after this time in the queue another process should run the task
MAX_QUEUED_S = 5.0
COUNTED_OVER_S = 0.2


@dataclass(frozen=True)
class Capacity:
    """Number of tasks that may be fetched now.

    Attributes:
        without: topics that must not be fetched: all slots are taken, and these have some of them.
    """

    tasks: int
    without: frozenset[str] = frozenset()


class HandlerPool:
    """Threads that run handlers, and a queue of fetched tasks.

    All slots may go to one topic. A few spare ones are only for topics of which nothing runs: a slow topic that holds
    all slots doesn't hold up the others.

    A slot that becomes free should find its next task waiting, and a fetch costs the engine the more, the more tasks
    wait there, however few it asks for; yet no task should wait here for long that another process could begin. So as
    many are fetched ahead as handlers return during some fetches: many with handlers of milliseconds and a long queue,
    none with handlers of seconds. While all slots are taken, nothing is fetched ahead of a topic whose handlers don't
    return: it would wait in the place of tasks that could run.

    Args:
        count: number of slots.
        topics: all topics that tasks may be of.
        work: runs a task's handler; the slot is free when it returns.
        unreported: returns the number of results whose report is pending; these count as if they still had a slot, or
            a slow engine would be asked for ever more tasks.
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
        self._came_at: dict[Task, float] = {}
        self._running: set[Task] = set()
        self._busy: Counter[str] = Counter()
        self._returned: Counter[str] = Counter()
        self._returning: frozenset[str] = frozenset()
        self._counted_since = time.monotonic()
        self._returns_per_s = 0.0
        self.fetch_duration_s = 0.0
        self._arrivals = itertools.count()
        self._closed = False
        self._guard = threading.Lock()
        self._task_came = threading.Condition(self._guard)
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
                insort(self._waiting, (-task.priority, next(self._arrivals), task))
                self._came_at[task] = time.monotonic()
                self._task_came.notify()

    def wait_for_capacity(self, timeout_s: float) -> Capacity | None:
        """Wait until tasks should be fetched; returns how many, or None after `timeout_s` seconds."""
        with self._guard:
            self._capacity_wanted = True
            self._capacity_changed.wait_for(lambda: self._closed or self._capacity(), timeout_s)
            self._capacity_wanted = False
            return None if self._closed else self._capacity()

    def notify_capacity_changed(self) -> None:
        """Wake wait_for_capacity(), as a report has ended outside of the pool."""
        with self._guard:
            self._notify_capacity()

    def close(self) -> None:
        """Start no more handlers."""
        with self._guard:
            self._closed = True
            self._capacity_changed.notify_all()

    def take_waiting(self, at_least_s: float = 0.0) -> list[Task]:
        """Remove the queued tasks that have waited for at least this long, and return them."""
        with self._guard:
            before = time.monotonic() - at_least_s
            taken = [task for _, _, task in self._waiting if self._came_at[task] <= before]
            self._waiting = [entry for entry in self._waiting if entry[2] not in taken]
            for task in taken:
                del self._came_at[task]
            return taken

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
            while (place := self._eligible()) is None:
                self._task_came.wait()
            task = self._waiting.pop(place)[2]
            del self._came_at[task]
            self._running.add(task)
            self._busy[task.topic] += 1
            # with the last slot taken, the spare ones may be asked for
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
                self._task_came.notify()
            self._notify_capacity()
            on_slot_released = self.on_slot_released
        if on_slot_released:
            on_slot_released()

    def _notify_capacity(self) -> None:
        if self._capacity_wanted and self._capacity():
            self._capacity_changed.notify()

    def _capacity(self) -> Capacity | None:
        ahead = self._ahead()
        held = len(self._waiting) + len(self._running) + self._unreported()
        free = self._count + ahead - held
        if free >= max(1, ahead // 2):
            return Capacity(free, self._blocked_topics())
        if len(self._running) < self._count:
            return None
        spare = self._spare - max(0, -free)
        without = self._topics_here()
        return Capacity(spare, without) if spare > 0 and without < self._topics else None

    def _ahead(self) -> int:
        now = time.monotonic()
        if now - self._counted_since > COUNTED_OVER_S:
            self._returns_per_s = self._returned.total() / (now - self._counted_since)
            self._returning = frozenset(self._returned)
            self._returned, self._counted_since = Counter(), now
        ahead_s = min(AHEAD_AT_MOST_S, max(AHEAD_AT_LEAST_S, FETCHES_AHEAD * self.fetch_duration_s))
        return int(ahead_s * self._returns_per_s)

    def _blocked_topics(self) -> frozenset[str]:
        """While all slots are taken: the topics that run and whose handlers haven't returned lately."""
        if len(self._running) < self._count:
            return frozenset()
        return frozenset(topic for topic, running in self._busy.items() if running) - self._returning

    def _topics_here(self) -> frozenset[str]:
        waiting = {task.topic for _, _, task in self._waiting}
        return frozenset(waiting | {topic for topic, running in self._busy.items() if running})
