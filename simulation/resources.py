"""What limits the pathway: people in shifts, places of the laboratory, and test kits."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from simulation.scenario import Shift

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


@dataclass
class Request:
    """Something that waits for a resource.

    Attributes:
        id: of the task in the engine, or of the sample.
        step: for which it waits: the id of the element.
        work_ms: how long it uses the resource.
        on_end: called when the work has ended.
        ready_ms: simulated time at which the wait began.
        started_ms: None while it waits.
    """

    id: str
    step: str
    case: str
    priority: int
    work_ms: int
    on_end: Callable[[], None]
    ready_ms: int = 0
    started_ms: int | None = None


class Queue:
    """Requests by descending priority, and then by age; priorities may change while they wait."""

    def __init__(self) -> None:
        self._waiting: dict[str, Request] = {}
        self._heap: list[tuple[int, int, int, str]] = []
        self._number = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, request_id: str) -> bool:
        return request_id in self._waiting

    def __iter__(self) -> Iterator[Request]:
        return iter(self._waiting.values())

    def add(self, request: Request) -> None:
        self._waiting[request.id] = request
        self._push(request)

    def set_priority(self, request_id: str, priority: int) -> None:
        request = self._waiting.get(request_id)
        if request and request.priority != priority:
            request.priority = priority
            self._push(request)

    def raise_priority(self, request_id: str, increase: int) -> None:
        if request := self._waiting.get(request_id):
            self.set_priority(request_id, request.priority + increase)

    def remove(self, request_id: str) -> Request | None:
        return self._waiting.pop(request_id, None)

    def pop(self) -> Request:
        """Remove and return the first request.

        Raises:
            IndexError: none waits.
        """
        while True:
            priority, _, _, request_id = heapq.heappop(self._heap)
            request = self._waiting.get(request_id)
            # an entry with another priority is outdated
            if request and request.priority == -priority:
                return self._waiting.pop(request_id)

    def _push(self, request: Request) -> None:
        self._number += 1
        heapq.heappush(self._heap, (-request.priority, request.ready_ms, self._number, request.id))


@dataclass
class Pool:
    """A resource with a number of places, which may change by the hour.

    Attributes:
        name: role, or one of simulation/facility.py.
        working: requests that use a place, by id.
        busy_ms: time that places were used within the run.
    """

    name: str
    shifts: tuple[Shift, ...] = ()
    places: int = 0
    queue: Queue = field(default_factory=Queue)
    working: dict[str, Request] = field(default_factory=dict)
    busy_ms: int = 0

    def count_places(self, now: datetime) -> int:
        """Return the number of places at a local time."""
        return self.places + sum(shift.number for shift in self.shifts if _is_at_work(shift, now))

    @property
    def most_places(self) -> int:
        """The number of places of the largest shift."""
        return self.places + max((shift.number for shift in self.shifts), default=0)

    def available_ms_per_day(self) -> int:
        return self.places * DAY_MS + sum(shift.number * _length_ms(shift) for shift in self.shifts)

    def list_starts(self) -> list[str]:
        """Return the hours at which a shift begins."""
        return sorted({shift.since for shift in self.shifts})


def _is_at_work(shift: Shift, now: datetime) -> bool:
    clock = f"{now:%H:%M}"
    if shift.since < shift.until:
        return shift.since <= clock < shift.until
    return clock >= shift.since or clock < shift.until


def _length_ms(shift: Shift) -> int:
    return (minute_of_day(shift.until) - minute_of_day(shift.since)) % 1440 * MINUTE_MS or DAY_MS


def minute_of_day(hour: str) -> int:
    hours, minutes = hour.split(":")
    return int(hours) * 60 + int(minutes)


@dataclass
class KitStock:
    """Test kits in stock, and requests for one, which a kit ends.

    Attributes:
        reserved: ids of the requests that got a kit.
        first_empty_ms: when a request first found no kit; None if each found one.
    """

    kits: int
    queue: Queue = field(default_factory=Queue)
    reserved: set[str] = field(default_factory=set)
    requested: int = 0
    granted: int = 0
    first_empty_ms: int | None = None

    def reserve(self, request: Request) -> bool:
        """Reserve a kit for a request; if none is left, it waits."""
        if request.id in self.queue:
            return False
        self.requested += 1
        if self.kits > 0:
            self._grant(request)
            return True
        if self.first_empty_ms is None:
            self.first_empty_ms = request.ready_ms
        self.queue.add(request)
        return False

    def add(self, kits: int) -> list[Request]:
        """Add kits to the stock; returns the waiting requests that got one."""
        self.kits += kits
        granted = []
        while self.kits > 0 and len(self.queue):
            request = self.queue.pop()
            self._grant(request)
            granted.append(request)
        return granted

    def _grant(self, request: Request) -> None:
        self.kits -= 1
        self.granted += 1
        self.reserved.add(request.id)
