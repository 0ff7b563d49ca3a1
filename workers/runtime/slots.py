"""Where handlers run: as many at the same time as there are slots, those of the highest priority first."""

from __future__ import annotations

import itertools
import threading
import time
from bisect import insort
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from workers.runtime.tasks import Task

# how much the newest run counts in the mean duration of a topic's
NEWEST = 0.2


@dataclass(frozen=True)
class Room:
    """How many tasks may be fetched now.

    Attributes:
        without: topics of which none may be among them, for all slots are taken and these have some.
    """

    tasks: int
    without: frozenset[str] = frozenset()


class Slots:
    """Threads that run handlers, and the tasks that wait for one of them.

    All slots may go to one topic. A few spare ones are only for topics of which nothing runs: a slow topic that holds
    all slots doesn't hold up the others.

    A slot that becomes free should find its next task waiting, and no task should wait here that another process could
    begin. So as many are fetched ahead as handlers are likely to return while a fetch is under way: some with handlers
    of milliseconds, none with handlers of seconds.

    Args:
        count: how many slots.
        topics: all topics that tasks may be of.
        work: runs a task's handler; the slot is free when it returns.
        unreported: how many results wait to be reported; they count as if they still had their slots, or a slow engine
            would be asked for more and more tasks.
    """

    def __init__(
        self, count: int, topics: Collection[str], work: Callable[[Task], None], unreported: Callable[[], int]
    ):
        self._count = count
        self._topics = frozenset(topics)
        self._spare = min(max(1, count // 4), len(topics) - 1)
        self._work = work
        self._unreported = unreported
        self._waiting: list[tuple[int, int, Task]] = []
        self._running: set[Task] = set()
        self._busy: Counter[str] = Counter()
        self._mean_s: dict[str | None, float] = {}
        self._arrivals = itertools.count()
        self._closed = False
        self._guard = threading.Lock()
        self._task_came = threading.Condition(self._guard)
        self._room_came = threading.Condition(self._guard)
        self._room_wanted = False
        self.fetch_s = 0.0
        self.on_free: Callable[[], None] | None = None
        for number in range(count + self._spare):
            threading.Thread(target=self._run, name=f"slot-{number}", daemon=True).start()

    def add(self, tasks: list[Task]) -> None:
        """Let these run as soon as there are slots for them."""
        with self._guard:
            for task in tasks:
                insort(self._waiting, (-task.priority, next(self._arrivals), task))
                self._task_came.notify()

    def wait_for_room(self, timeout_s: float) -> Room | None:
        """How many tasks to fetch, as soon as it is worth it; None if that takes longer."""
        with self._guard:
            self._room_wanted = True
            self._room_came.wait_for(lambda: self._closed or self._room(), timeout_s)
            self._room_wanted = False
            return None if self._closed else self._room()

    def look_again(self) -> None:
        """Something outside has changed that there may be room by."""
        with self._guard:
            self._tell_of_room()

    def close(self) -> None:
        """Begin no more tasks."""
        with self._guard:
            self._closed = True
            self._room_came.notify_all()

    def take_waiting(self) -> list[Task]:
        """Take those out that haven't begun."""
        with self._guard:
            waiting = [task for _, _, task in self._waiting]
            self._waiting.clear()
            return waiting

    def running(self) -> list[Task]:
        with self._guard:
            return list(self._running)

    def figures(self) -> dict[str, int]:
        """How many tasks wait here, and how many run."""
        with self._guard:
            return {"waiting": len(self._waiting), "running": len(self._running)}

    def _run(self) -> None:
        while True:
            task = self._next()
            begun = time.monotonic()
            try:
                self._work(task)
            finally:
                self._done(task, time.monotonic() - begun)

    def _next(self) -> Task:
        with self._guard:
            self._task_came.wait_for(lambda: self._eligible() is not None)
            task = self._waiting.pop(self._eligible())[2]
            self._running.add(task)
            self._busy[task.topic] += 1
            return task

    def _eligible(self) -> int | None:
        """Which of the waiting tasks may begin."""
        if self._closed or not self._waiting:
            return None
        if len(self._running) < self._count:
            return 0
        return next((i for i, (_, _, task) in enumerate(self._waiting) if not self._busy[task.topic]), None)

    def _done(self, task: Task, took_s: float) -> None:
        with self._guard:
            self._running.discard(task)
            self._busy[task.topic] -= 1
            for mean in (task.topic, None):
                self._mean_s[mean] = max(1e-6, NEWEST * took_s + (1 - NEWEST) * self._mean_s.get(mean, took_s))
            if self._waiting:
                self._task_came.notify()
            self._tell_of_room()
            on_free = self.on_free
        if on_free:
            on_free()

    def _tell_of_room(self) -> None:
        if self._room_wanted and self._room():
            self._room_came.notify()

    def _room(self) -> Room | None:
        ahead = self._ahead()
        held = len(self._waiting) + len(self._running) + self._unreported()
        free = self._count + ahead - held
        if free >= max(1, ahead // 2):
            return Room(free)
        if len(self._running) < self._count:
            return None
        spare = self._spare - max(0, -free)
        without = self._topics_here()
        return Room(spare, without) if spare > 0 and without < self._topics else None

    def _ahead(self) -> int:
        """How many handlers are likely to return during one fetch."""
        if not self._running and None not in self._mean_s:
            return 0
        idle = max(0, self._count - len(self._running))
        returns_per_s = idle / self._mean_s[None] if None in self._mean_s else 0.0
        for topic, running in self._busy.items():
            if running and topic in self._mean_s:
                returns_per_s += running / self._mean_s[topic]
        return min(self._count, int(returns_per_s * self.fetch_s))

    def _topics_here(self) -> frozenset[str]:
        waiting = {task.topic for _, _, task in self._waiting}
        return frozenset(waiting | {topic for topic, running in self._busy.items() if running})
