"""The resources of a scenario at work: who starts which work when, in simulated time, and what is recorded of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from simulation.calendar import Calendar
from simulation.parameters import Parameters
from simulation.recording import Recording, Wait
from simulation.resources import MINUTE_MS, KitStock, Pool, Request, minute_of_day
from simulation.scenario import Scenario

LABORATORY = "laboratory-places"
KITS = "test-kits"
# hour at which deliveries arrive
DELIVERY_HOUR = 8


class Facility:
    """Staff, laboratory and kits of a scenario.

    Args:
        seed: of the arrivals.
    """

    def __init__(self, scenario: Scenario, parameters: Parameters, zone: str, seed: int):
        self._scenario, self._parameters, self._seed = scenario, parameters, seed
        self.zone = ZoneInfo(zone)
        self.start = datetime.combine(scenario.start, datetime.min.time(), self.zone)
        self.calendar = Calendar(to_ms(self.start))
        end = self.start + timedelta(days=scenario.days)
        self.recording = Recording(self.calendar.now_ms, to_ms(end))
        self.kits = KitStock(scenario.kits.stock)
        self.pools = {role: Pool(role, tuple(shifts)) for role, shifts in parameters.staff.items()}
        self.pools[LABORATORY] = Pool(LABORATORY, places=scenario.laboratory.places)

    @property
    def now_ms(self) -> int:
        return self.calendar.now_ms

    @property
    def now(self) -> datetime:
        return self.moment(self.now_ms)

    def moment(self, milliseconds: int) -> datetime:
        return datetime.fromtimestamp(milliseconds / 1000, self.zone)

    def plan(self, on_arrival: Callable[[str], None]) -> None:
        """Add to the calendar what comes from outside: arrivals, starts of shifts, and deliveries."""
        for day in range(self._scenario.days):
            midnight = self.start + timedelta(days=day)
            self.calendar.add(to_ms(midnight), partial(self._begin_day, day, on_arrival))
            for pool in self.pools.values():
                for hour in pool.list_starts():
                    begins = midnight + timedelta(minutes=minute_of_day(hour))
                    self.calendar.add(to_ms(begins), partial(self._start_work, pool))
        for delivery in self._scenario.kits.deliveries:
            arrives = self.start + timedelta(days=delivery.day - 1, hours=DELIVERY_HOUR)
            self.calendar.add(to_ms(arrives), partial(self.add_kits, delivery.kits))

    def _begin_day(self, day: int, on_arrival: Callable[[str], None]) -> None:
        for milliseconds in self._draw_arrivals(day):
            self.calendar.add(milliseconds, partial(self._arrive, on_arrival))

    def _draw_arrivals(self, day: int) -> Iterator[int]:
        """Draw the times at which patients come on a day: a Poisson process within the opening hours."""
        arrivals = self._scenario.arrivals
        rates = arrivals.per_day or [self._parameters.arrivals_per_day * arrivals.times]
        rate = rates[min(day, len(rates) - 1)]
        midnight = to_ms(self.start + timedelta(days=day))
        opens, closes = (minute_of_day(hour) * MINUTE_MS for hour in (arrivals.open, arrivals.close))
        chance = random.Random(f"{self._seed}/arrivals/{day}")
        at = 0.0
        while rate and (at := at + chance.expovariate(rate)) < 1:
            yield round(midnight + opens + at * (closes - opens))

    def _arrive(self, on_arrival: Callable[[str], None]) -> None:
        case = f"S-{self.recording.arrived + 1}"
        self.recording.arrivals_ms[case] = self.now_ms
        on_arrival(case)

    def submit(self, resource: str, request: Request) -> None:
        """Have a request wait for a resource, and use it."""
        request.ready_ms = self.now_ms
        self.recording.roles[request.step] = resource
        pool = self.pools.setdefault(resource, Pool(resource))
        pool.queue.add(request)
        self._start_work(pool)

    def withdraw(self, request_id: str) -> None:
        """End the wait of a request without work."""
        for pool in self.pools.values():
            if request := pool.queue.remove(request_id):
                self._record(request, ended_ms=self.now_ms)

    def has(self, resource: str, request_id: str) -> bool:
        """Whether a request waits for a resource or uses it."""
        pool = self.pools[resource]
        return request_id in pool.queue or request_id in pool.working

    def set_priority(self, request_id: str, priority: int) -> None:
        for pool in self.pools.values():
            pool.queue.set_priority(request_id, priority)

    def _start_work(self, pool: Pool) -> None:
        while len(pool.queue) and len(pool.working) < pool.count_places(self.now):
            request = pool.queue.pop()
            request.started_ms = self.now_ms
            pool.working[request.id] = request
            pool.busy_ms += min(request.work_ms, self.recording.end_ms - self.now_ms)
            self.calendar.add(self.now_ms + request.work_ms, partial(self._end_work, pool, request))

    def _end_work(self, pool: Pool, request: Request) -> None:
        del pool.working[request.id]
        self._record(request, ended_ms=self.now_ms)
        request.on_end()
        self._start_work(pool)

    def reserve_kit(self, request: Request) -> bool:
        """Reserve a kit; returns False if the request must wait for one. `on_end` is called when it gets it."""
        request.ready_ms = self.now_ms
        self.recording.roles[request.step] = KITS
        if not self.kits.reserve(request):
            return False
        self._record_kit(request)
        return True

    def add_kits(self, kits: int) -> None:
        """Add kits to the stock; waiting requests get theirs."""
        for request in self.kits.add(kits):
            self._record_kit(request)
            request.on_end()

    def _record_kit(self, request: Request) -> None:
        request.started_ms = self.now_ms
        self._record(request, ended_ms=self.now_ms)

    def _record(self, request: Request, ended_ms: int | None) -> None:
        wait = Wait(request.ready_ms, request.started_ms, ended_ms, request.case, request.work_ms, request.priority)
        self.recording.waits[request.step].append(wait)

    def close(self) -> None:
        """Record the waits that haven't ended, and how the resources were used."""
        for pool in self.pools.values():
            for request in (*pool.working.values(), *pool.queue):
                self._record(request, ended_ms=None)
            usage = self.recording.usage[pool.name]
            usage.busy_ms, usage.places = pool.busy_ms, pool.most_places
            usage.available_ms = pool.available_ms_per_day() * self._scenario.days
            usage.needed_ms = pool.busy_ms + sum(request.work_ms for request in pool.queue)
        for request in self.kits.queue:
            self._record(request, ended_ms=None)
        self.recording.kits_requested = self.kits.requested
        self.recording.kits_granted = self.kits.granted
        self.recording.kits_empty_ms = self.kits.first_empty_ms


def to_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
