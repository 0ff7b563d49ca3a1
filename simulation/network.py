"""The fast answer: a queueing network whose stations are the resources, with routes taken from the diagram.

The diagram is run once by the time lapse with enough of everything, so that no case waits. What each case asks of the
resources then, and how long after what, is its route: a tree, as a case may do several things at the same time. Fresh
arrivals follow these routes through the resources of a scenario, without an engine.

What depends on a wait isn't in the network: timers that end a wait, priorities that rise while a case waits, and cases
that are given up. The time lapse has them, and a test compares both.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from simulation.diagrams import Diagrams
from simulation.engine_host import EngineHost
from simulation.facility import KITS, Facility
from simulation.parameters import Parameters
from simulation.recording import JOURNEY, Recording, Wait
from simulation.resources import Request
from simulation.scenario import Arrivals, Kits, Laboratory, Scenario, Shift
from simulation.time_lapse import TimeLapse

# of the run that finds the routes: cases a day, and days, of which later ones only let cases end
CASES_PER_DAY, ARRIVAL_DAYS, DAYS = 40, 4, 18
PLENTY = 100_000
JOURNEY_START, JOURNEY_END = "start", "end"


@dataclass
class Station:
    """One use of a resource on the route of a case.

    Attributes:
        resource: JOURNEY for the two ends of the journey, which use none.
        delay_ms: from the end of the station before, or from the arrival of the case.
        after: stations that follow.
    """

    step: str
    resource: str
    priority: int
    delay_ms: int
    work_ms: int
    after: list[Station] = field(default_factory=list)


# stations with which a case begins
Route = list[Station]


def find_routes(
    scenario: Scenario,
    parameters: Parameters,
    diagrams: Diagrams,
    policy: dict[str, Any],
    zone: str,
    progress: Callable[[float], None],
    start_engine: Callable[[], AbstractContextManager[EngineHost]],
) -> list[Route]:
    """Run the diagram with enough of everything, and return the routes of its cases.

    Raises:
        SimulationFailed: the engine refuses a step.
    """
    plenty = {role: [Shift(number=PLENTY, since="00:00", until="24:00")] for role in parameters.staff}
    ample = scenario.model_copy(
        update={
            "days": DAYS,
            "arrivals": Arrivals(per_day=[*[float(CASES_PER_DAY)] * ARRIVAL_DAYS, 0]),
            "laboratory": Laboratory(places=PLENTY, turnaround_hours=scenario.laboratory.turnaround_hours),
            "kits": Kits(stock=PLENTY),
        }
    )
    unlimited = parameters.model_copy(update={"staff": plenty})
    with start_engine() as engine:
        return build_routes(TimeLapse(ample, unlimited, diagrams, policy, zone, progress=progress).run(engine))


def build_routes(recording: Recording) -> list[Route]:
    """Build the routes of a run's cases from its waits."""
    uses: dict[str, list[tuple[int, int, Station]]] = defaultdict(list)
    for step, waits in recording.waits.items():
        for wait in waits:
            for ready_ms, station in _list_stations(step, recording.roles.get(step, JOURNEY), wait):
                uses[wait.case].append((ready_ms, ready_ms + station.work_ms, station))
    return [
        _link(recording.arrivals_ms[case], sorted(uses[case], key=lambda use: use[:2]))
        for case in recording.arrivals_ms
    ]


def _list_stations(step: str, resource: str, wait: Wait) -> Iterable[tuple[int, Station]]:
    """Yield the stations of a wait; the delay is set later."""
    if step == JOURNEY:
        yield wait.ready_ms, Station(JOURNEY_START, JOURNEY, 0, 0, 0)
        if wait.ended_ms is not None:
            yield wait.ended_ms, Station(JOURNEY_END, JOURNEY, 0, 0, 0)
    elif wait.ended_ms is not None:
        yield wait.ready_ms, Station(step, resource, wait.priority, 0, wait.work_ms)


def _link(arrived_ms: int, uses: list[tuple[int, int, Station]]) -> Route:
    """Have each station follow the one that ended last before it began; returns those that follow none."""
    route: Route = []
    for number, (ready_ms, _, station) in enumerate(uses):
        before = [use for use in uses[:number] if use[1] <= ready_ms]
        if before:
            _, ended_ms, latest = max(before, key=lambda use: use[1])
            station.delay_ms = ready_ms - ended_ms
            latest.after.append(station)
        else:
            station.delay_ms = ready_ms - arrived_ms
            route.append(station)
    return route


class Network:
    """One run of a scenario through the network.

    Args:
        number: of the replication, from 0; its arrivals are those of the time lapse.
    """

    def __init__(self, scenario: Scenario, parameters: Parameters, routes: list[Route], zone: str, number: int = 0):
        seed = scenario.seed * 1000 + number
        self._routes = routes
        self._facility = Facility(scenario, parameters, zone, seed)
        self._chance = random.Random(f"{seed}/routes")
        self._requested_ms: dict[str, int] = {}
        self._count = 0

    def run(self) -> Recording:
        facility = self._facility
        facility.plan(self._arrive)
        while facility.calendar.advance(facility.recording.end_ms):
            pass
        facility.close()
        for case, since_ms in self._requested_ms.items():
            facility.recording.waits[JOURNEY].append(Wait(since_ms, None, None, case))
        return facility.recording

    def _arrive(self, case: str) -> None:
        self._follow(case, self._chance.choice(self._routes))

    def _follow(self, case: str, stations: Iterable[Station]) -> None:
        for station in stations:
            self._facility.calendar.add(self._facility.now_ms + station.delay_ms, partial(self._enter, case, station))

    def _enter(self, case: str, station: Station) -> None:
        self._count += 1
        on_end = partial(self._follow, case, station.after)
        request = Request(f"{self._count}", station.step, case, station.priority, station.work_ms, on_end)
        if station.resource == JOURNEY:
            self._mark(case, station)
            on_end()
        elif station.resource != KITS:
            self._facility.submit(station.resource, request)
        elif self._facility.reserve_kit(request):
            on_end()

    def _mark(self, case: str, station: Station) -> None:
        """Record the journey of a case at its start or end."""
        now_ms = self._facility.now_ms
        if station.step == JOURNEY_START:
            self._requested_ms[case] = now_ms
        elif (since_ms := self._requested_ms.pop(case, None)) is not None:
            self._facility.recording.waits[JOURNEY].append(Wait(since_ms, now_ms, now_ms, case))


def load_routes(
    folder: Path,
    scenario: Scenario,
    parameters: Parameters,
    diagrams: Diagrams,
    policy: dict[str, Any],
    zone: str,
    progress: Callable[[float], None],
    start_engine: Callable[[], AbstractContextManager[EngineHost]],
) -> list[Route]:
    """Return the routes of a diagram from a file in the folder; finds and stores them if there is none.

    Numbers of staff, laboratory places and kits, and arrivals of the scenario don't change them.
    """
    key = _hash_inputs(scenario, parameters, diagrams, policy)
    path = folder / f"routes-{key}.json"
    if path.exists():
        return [[_parse_station(each) for each in route] for route in json.loads(path.read_text(encoding="utf-8"))]
    routes = find_routes(scenario, parameters, diagrams, policy, zone, progress, start_engine)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("routes-*.json"):
        old.unlink()
    path.write_text(json.dumps([[asdict(station) for station in route] for route in routes]), encoding="utf-8")
    return routes


def _hash_inputs(scenario: Scenario, parameters: Parameters, diagrams: Diagrams, policy: dict[str, Any]) -> str:
    """Return a hash of all that changes routes."""
    answers = scenario.model_dump_json(include={"seed", "start", "answers"})
    branches = parameters.model_dump_json(include={"minutes", "delays", "shares"})
    turnaround = str(scenario.laboratory.turnaround_hours)
    digest = hashlib.sha256("\n".join((answers, branches, turnaround, json.dumps(policy, sort_keys=True))).encode())
    for file in diagrams.files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _parse_station(row: dict[str, Any]) -> Station:
    return Station(**{**row, "after": [_parse_station(each) for each in row["after"]]})
