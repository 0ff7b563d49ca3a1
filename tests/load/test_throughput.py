"""Positive cases on their whole road, as many as the platform takes; with our workers, and with a driver that only
completes their tasks. One engine on PostgreSQL, all on the same cores.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest

from processes.engine import Engine
from tests.faults.fleet import Fleet
from tests.faults.ground import Ground, ground_in
from tests.load.bare import bare_driver
from tests.load.crowd import on_their_way
from tests.load.looks import opened_in_s
from tests.load.resting import rest
from tests.load.usage import cpu_seconds
from tests.support.managers import signed_in_manager
from tests.support.postgresql import Server, postgresql

pytestmark = [pytest.mark.engine, pytest.mark.verify]

LONG = bool(os.environ.get("LOAD"))
ROUNDS = 4
WARM_S, WINDOW_S = 15, 60
WORKERS = 2
AT_LEAST = 0.8
AT_REST = (0, 1_000, 100_000)


@dataclass(frozen=True)
class Figures:
    """Of one window.

    Attributes:
        per_minute: cases that ended.
        cpu_s: what each part computed for a case, in seconds.
    """

    per_minute: float
    cpu_s: dict[str, float]


class Site:
    """Where the cases go their way: a platform, and its database server."""

    def __init__(self, ground: Ground, server: Server):
        self.ground = ground
        self.server = server

    @contextmanager
    def workers(self) -> Iterator[dict[str, int]]:
        """Ours are at work; their processes."""
        with Fleet(self.ground.parts["workers"], WORKERS, self.ground.logs) as fleet:
            yield {f"workers {number}": fleet.process(number) for number in fleet.numbers}

    @contextmanager
    def bare(self) -> Iterator[dict[str, int]]:
        with bare_driver(self.ground.state):
            yield {}

    def measure(self, doing_the_work: AbstractContextManager[dict[str, int]]) -> Figures:
        with doing_the_work as processes, on_their_way(self.ground.state) as crowd:
            time.sleep(WARM_S)
            of = {**self.ground.state["processes"], **processes, "database": self.server.process}
            began, ended, before = time.monotonic(), crowd.ended, _computed(of)
            time.sleep(WINDOW_S)
            took_s, cases, after = time.monotonic() - began, crowd.ended - ended, _computed(of)
        print(f"{cases} cases in {took_s:.0f} s", flush=True)
        return Figures(60 * cases / took_s, {part: (after[part] - before[part]) / cases for part in after})


def _computed(processes: dict[str, int]) -> dict[str, float]:
    return {"driver": time.process_time()} | {part: cpu_seconds(process) for part, process in processes.items()}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("throughput")
    with (
        postgresql() as server,
        ground_in(folder, with_workers=False, **server.settings) as ground,
        ground.in_use(),
    ):
        yield Site(ground, server)


def show(figures: dict[str, list[Figures]]) -> None:
    """Medians of all rounds: cases a minute, and CPU milliseconds for a case by part."""
    for what, rounds in figures.items():
        parts = {part: statistics.median(each.cpu_s[part] for each in rounds) for part in rounds[0].cpu_s}
        spent = ", ".join(f"{part} {1000 * seconds:.0f}" for part, seconds in parts.items())
        print(f"{what}: {per_minute(rounds):.1f} cases a minute ({[round(each.per_minute) for each in rounds]})")
        print(f"    CPU ms a case: {spent}; together {1000 * sum(parts.values()):.0f}")


def per_minute(rounds: list[Figures]) -> float:
    return statistics.median(each.per_minute for each in rounds)


if LONG:

    def test_our_workers_beside_a_bare_driver(site: Site) -> None:
        figures: dict[str, list[Figures]] = {"workers": [], "bare driver": []}
        site.measure(site.workers())
        for _ in range(ROUNDS):
            figures["workers"].append(site.measure(site.workers()))
            figures["bare driver"].append(site.measure(site.bare()))
        show(figures)
        ratio = per_minute(figures["workers"]) / per_minute(figures["bare driver"])
        print(f"our workers reach {ratio:.2f} of the bare driver's throughput")
        assert ratio >= AT_LEAST

    def test_beside_cases_that_rest(site: Site) -> None:
        who = site.ground.state["accounts"]["admin"]
        engine = Engine(site.ground.state["engine"], who["username"], who["password"], timeout_s=300)
        figures: dict[str, list[Figures]] = {}
        looked_s: dict[str, float] = {}
        manager = signed_in_manager(site.ground.state)
        resting = 0
        for count in AT_REST:
            if count:
                rest(engine, site.server.url_of("engine"), resting + 1, count)
            resting = count
            looked_s[str(count)] = opened_in_s(manager, "/staff/now", looks=5)
            figures[str(count)] = [site.measure(site.workers()) for _ in range(2)]
        show(figures)
        alone = per_minute(figures["0"])
        for count, rounds in figures.items():
            print(f"beside {count} cases at rest: {per_minute(rounds) / alone:.2f} of the throughput")
            print(f"    /staff/now in {1000 * looked_s[count]:.0f} ms")
