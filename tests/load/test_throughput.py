"""Throughput of positive cases from start to end, with the platform's workers and with a driver that only completes
their tasks. One engine on PostgreSQL, all processes on the same cores.
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
from tests.faults.system import SystemUnderTest, running_system
from tests.load.bare_driver import bare_driver
from tests.load.constant_load import constant_load
from tests.load.page_times import measure_page_s
from tests.load.usage import cpu_seconds
from tests.load.waiting_cases import create_waiting_cases
from tests.support.managers import signed_in_manager
from tests.support.postgresql import Server, postgresql

pytestmark = [pytest.mark.engine, pytest.mark.verify]

LONG = bool(os.environ.get("LOAD"))
ROUNDS = 4
WARM_S, WINDOW_S = 15, 60
WORKERS = 2
MIN_RATIO = 0.8
WAITING_CASES = (0, 1_000, 100_000)


@dataclass(frozen=True)
class Figures:
    """Figures of one measured window.

    Attributes:
        per_minute: number of ended cases.
        cpu_s: CPU time of each part per case, in seconds.
    """

    per_minute: float
    cpu_s: dict[str, float]


class Site:
    """A platform, and its database server."""

    def __init__(self, system: SystemUnderTest, server: Server):
        self.system = system
        self.server = server

    @contextmanager
    def workers(self) -> Iterator[dict[str, int]]:
        """Run the platform's workers; yields their process ids."""
        with Fleet(self.system.parts["workers"], WORKERS, self.system.logs) as fleet:
            yield {f"workers {number}": fleet.pid(number) for number in fleet.numbers}

    @contextmanager
    def bare(self) -> Iterator[dict[str, int]]:
        with bare_driver(self.system.state):
            yield {}

    def measure(self, workers: AbstractContextManager[dict[str, int]]) -> Figures:
        with workers as processes, constant_load(self.system.state) as load:
            time.sleep(WARM_S)
            pids = {**self.system.state["processes"], **processes, "database": self.server.process}
            began, ended, before = time.monotonic(), load.ended, _cpu_times(pids)
            time.sleep(WINDOW_S)
            took_s, cases, after = time.monotonic() - began, load.ended - ended, _cpu_times(pids)
        print(f"{cases} cases in {took_s:.0f} s", flush=True)
        return Figures(60 * cases / took_s, {part: (after[part] - before[part]) / cases for part in after})


def _cpu_times(processes: dict[str, int]) -> dict[str, float]:
    return {"driver": time.process_time()} | {part: cpu_seconds(process) for part, process in processes.items()}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("throughput")
    with (
        postgresql() as server,
        running_system(folder, with_workers=False, **server.settings) as system,
        system.in_use(),
    ):
        yield Site(system, server)


def print_figures(figures: dict[str, list[Figures]]) -> None:
    """Print the medians of all rounds: cases per minute, and CPU milliseconds per case and part."""
    for name, rounds in figures.items():
        parts = {part: statistics.median(each.cpu_s[part] for each in rounds) for part in rounds[0].cpu_s}
        by_part = ", ".join(f"{part} {1000 * seconds:.0f}" for part, seconds in parts.items())
        print(f"{name}: {per_minute(rounds):.1f} cases a minute ({[round(each.per_minute) for each in rounds]})")
        print(f"    CPU ms a case: {by_part}; total {1000 * sum(parts.values()):.0f}")


def per_minute(rounds: list[Figures]) -> float:
    return statistics.median(each.per_minute for each in rounds)


if LONG:

    def test_the_workers_reach_most_of_a_bare_driver_s_throughput(site: Site) -> None:
        figures: dict[str, list[Figures]] = {"workers": [], "bare driver": []}
        site.measure(site.workers())
        for _ in range(ROUNDS):
            figures["workers"].append(site.measure(site.workers()))
            figures["bare driver"].append(site.measure(site.bare()))
        print_figures(figures)
        ratio = per_minute(figures["workers"]) / per_minute(figures["bare driver"])
        print(f"our workers reach {ratio:.2f} of the bare driver's throughput")
        assert ratio >= MIN_RATIO

    def test_throughput_beside_waiting_cases(site: Site) -> None:
        admin = site.system.state["accounts"]["admin"]
        engine = Engine(site.system.state["engine"], admin["username"], admin["password"], timeout_s=300)
        figures: dict[str, list[Figures]] = {}
        page_s: dict[str, float] = {}
        manager = signed_in_manager(site.system.state)
        waiting = 0
        for count in WAITING_CASES:
            if count:
                create_waiting_cases(engine, site.server.url_of("engine"), waiting + 1, count)
            waiting = count
            page_s[str(count)] = measure_page_s(manager, "/staff/now", requests=5)
            figures[str(count)] = [site.measure(site.workers()) for _ in range(2)]
        print_figures(figures)
        alone = per_minute(figures["0"])
        for count, rounds in figures.items():
            print(f"beside {count} waiting cases: {per_minute(rounds) / alone:.2f} of the throughput")
            print(f"    /staff/now in {1000 * page_s[count]:.0f} ms")
