"""`make bench`: compares our runtime with other clients, which do the same work on one engine.

The results are in docs/measurements/workers.md.

Prints medians and ratios, and writes .run/bench-workers.json (tasks per second), .run/bench-workers-all.json (every
measurement, with CPU seconds and memory) and the chart of the documentation.
"""

from __future__ import annotations

import json
import os
import random
import socket
import statistics
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.chart import draw
from bench.engine import ROOT, BenchEngine, engine_up
from bench.measure import Figures, Peer, Work, drain, measure, measure_limit, python

ROUNDS = int(os.environ.get("ROUNDS", "3"))
WINDOW_S = float(os.environ.get("WINDOW_S", "6"))
BACKLOG = 2000
LIMIT_BACKLOG = 3500
MIN_BACKLOG = 150
WARM_UP_TASKS = 5000
RESULTS = ROOT / ".run"
CHART = ROOT / "docs" / "measurements" / "workers-compared.svg"

WORKS = [
    Work("nothing", 0, 16),
    Work("wait_100ms", 0.1, 16),
    Work("wait_100ms_64_slots", 0.1, 64),
]
JAVA_PATH = os.pathsep.join(["bench/peers/java/target/worker.jar", "bench/peers/java/target/lib/*"])
RUNTIME = Peer("runtime", "this runtime", python("bench.peers.runtime"))
PEERS = [
    RUNTIME,
    Peer("library_1", "Python library, maxTasks 1", python("bench.peers.library"), {"MAX_TASKS": "1"}),
    Peer("library_10", "Python library, maxTasks 10", python("bench.peers.library"), {"MAX_TASKS": "10"}),
    Peer("library_async", "Python library, async", python("bench.peers.library_async")),
    Peer("java", "Java client", ["java", "-cp", JAVA_PATH, "BenchWorker"]),
    Peer("js", "JavaScript client", ["node", "bench/peers/js/worker.js"]),
    Peer("threads", "plain threads, batches", python("bench.peers.threads")),
]
LIMIT = "limit"
Measured = dict[str, dict[str, list[Figures]]]


def main() -> None:
    console = Console()
    folder = RESULTS / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    order = random.Random(int(os.environ.get("SEED", "1")))
    measured: Measured = {work.name: {name: [] for name in (*(p.name for p in PEERS), LIMIT)} for work in WORKS}
    with engine_up(folder, _find_free_port()) as engine:
        console.print(f"the engine is up; warming up with {WARM_UP_TASKS} tasks")
        measure(engine, RUNTIME, WORKS[0], WARM_UP_TASKS, MIN_BACKLOG, 60, folder / "runtime.log")
        for number in range(1, ROUNDS + 1):
            console.print(f"round {number} of {ROUNDS}")
            _round(engine, measured, order, folder, console)
        backlog = _measure_backlogs(engine, folder, console)
    medians = {work: {name: _median(figures) for name, figures in peers.items()} for work, peers in measured.items()}
    _write(measured, medians, backlog)
    draw(medians, {peer.name: peer.label for peer in PEERS} | {LIMIT: "the engine's limit"}, CHART)
    for work in WORKS:
        console.print(_table(work.name, medians[work.name]))
    _print_targets(console, medians, backlog)


def _round(engine: BenchEngine, measured: Measured, order: random.Random, folder: Path, console: Console) -> None:
    """Measure each peer with each work once, in random order."""
    turns: list[tuple[Work, Peer] | None] = [(work, peer) for work in WORKS for peer in PEERS]
    # the engine's limit is the same for all works
    turns.append(None)
    order.shuffle(turns)
    for turn in turns:
        if turn is None:
            figures = measure_limit(engine, LIMIT_BACKLOG, WINDOW_S, folder)
            for peers in measured.values():
                peers[LIMIT].append(figures)
            console.print(f"  {'':<20} {LIMIT:<14} {figures.tasks_per_s:6.1f} tasks/s")
            continue
        work, peer = turn
        figures = measure(engine, peer, work, BACKLOG, MIN_BACKLOG, WINDOW_S, folder / f"{peer.name}.log")
        measured[work.name][peer.name].append(figures)
        console.print(f"  {work.name:<20} {peer.name:<14} {figures.tasks_per_s:6.1f} tasks/s")


def _measure_backlogs(engine: BenchEngine, folder: Path, console: Console) -> dict[str, float]:
    """Measure the runtime with 500 and with 10,000 waiting tasks; returns the medians over ROUNDS measurements."""
    rates = {}
    drain(engine, RUNTIME, 150, folder / "runtime.log")
    for waiting in (500, 10_000):
        console.print(f"{waiting} tasks waiting")
        measurements = [
            measure(engine, RUNTIME, WORKS[0], waiting + 700, waiting - 350, WINDOW_S, folder / "runtime.log")
            for _ in range(ROUNDS)
        ]
        rates[str(waiting)] = statistics.median(figures.tasks_per_s for figures in measurements)
    return rates


def _median(figures: list[Figures]) -> Figures:
    def median(name: str) -> float | None:
        values = [getattr(each, name) for each in figures if getattr(each, name) is not None]
        return statistics.median(values) if values else None

    return Figures(median("tasks_per_s") or 0.0, median("cpu_s"), median("memory_mb"))


def _write(measured: Measured, medians: dict[str, dict[str, Figures]], backlog: dict[str, float]) -> None:
    rates = {
        work: {name: round(figures.tasks_per_s, 1) for name, figures in peers.items()}
        for work, peers in medians.items()
    }
    (RESULTS / "bench-workers.json").write_text(json.dumps(rates, indent=2))
    measurements = {
        work: {name: [asdict(each) for each in figures] for name, figures in peers.items()}
        for work, peers in measured.items()
    }
    (RESULTS / "bench-workers-all.json").write_text(json.dumps({**measurements, "backlog": backlog}, indent=2))


def _table(title: str, medians: dict[str, Figures]) -> Table:
    table = Table("worker", "tasks/s", "of the limit", "runtime's factor", "CPU s/1,000", "MB", title=title)
    ours = medians["runtime"].tasks_per_s
    for name, figures in medians.items():
        rate = figures.tasks_per_s
        table.add_row(
            name,
            f"{rate:.0f}",
            f"{rate / medians[LIMIT].tasks_per_s:.2f}",
            f"{ours / rate:.1f} x" if rate else "",
            "" if figures.cpu_s is None else f"{figures.cpu_s:.2f}",
            "" if figures.memory_mb is None else f"{figures.memory_mb:.0f}",
        )
    return table


def _print_targets(console: Console, medians: dict[str, dict[str, Figures]], backlog: dict[str, float]) -> None:
    """Print each target with the measured figure."""
    no_wait, wait, wait_64 = (medians[work.name] for work in WORKS)
    rate = {name: figures.tasks_per_s for name, figures in no_wait.items()}
    waiting = {name: figures.tasks_per_s for name, figures in wait.items()}
    maximum = WORKS[1].slots / WORKS[1].wait_s
    targets = [
        ("does nothing: of the JS client's", rate["runtime"] / rate["js"], 1.0),
        ("does nothing: of plain threads'", rate["runtime"] / rate["threads"], 1.0),
        ("does nothing: of the limit", rate["runtime"] / rate[LIMIT], 0.75),
        ("waits 100 ms: of what 16 slots allow", waiting["runtime"] / maximum, 0.95),
        ("waits 100 ms: of the JS client's", waiting["runtime"] / waiting["js"], 1.5),
        ("waits 100 ms: of the library's sync worker's", waiting["runtime"] / waiting["library_1"], 15.0),
        ("waits 100 ms: of its async worker's", waiting["runtime"] / waiting["library_async"], 11.0),
        ("waits 100 ms, 64 slots: of doing nothing", wait_64["runtime"].tasks_per_s / rate["runtime"], 0.9),
        ("CPU: JS client's, of the runtime's", (no_wait["js"].cpu_s or 0) / (no_wait["runtime"].cpu_s or 1), 1.0),
        ("10,000 waiting tasks: of 500 waiting", backlog["10000"] / backlog["500"], 0.9),
    ]
    table = Table("target", "minimum", "measured", "", title="Targets")
    for name, figure, minimum in targets:
        table.add_row(name, f"{minimum:g}", f"{figure:.2f}", "reached" if figure >= minimum else "NOT reached")
    console.print(table)


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    main()
