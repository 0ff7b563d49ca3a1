"""Measurement of a peer: it processes waiting tasks, and the engine counts the remaining ones."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.engine import PASSWORD, ROOT, USERNAME, BenchEngine

WARM_UP_S = 2.0
WARM_UP_TASKS = 20
START_TIMEOUT_S = 60
POLL_INTERVAL_S = 0.2
LIMIT_CONNECTIONS = 8


@dataclass(frozen=True)
class Work:
    """Workload: duration of a task's wait, and number of concurrent tasks."""

    name: str
    wait_s: float
    slots: int


@dataclass(frozen=True)
class Peer:
    """A worker to compare.

    Attributes:
        name: in .run/bench-workers.json.
        command: run in the repository's root.
    """

    name: str
    label: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Figures:
    """Result of one measurement.

    Attributes:
        tasks_per_s: tasks completed in the engine, per second.
        cpu_s: CPU time of the worker process per 1,000 tasks; None for the limit.
        memory_mb: peak memory of the worker process.
    """

    tasks_per_s: float
    cpu_s: float | None = None
    memory_mb: float | None = None


def measure(
    engine: BenchEngine, peer: Peer, work: Work, backlog: int, until: int, window_s: float, log: Path
) -> Figures:
    """Measure a peer with a backlog, for `window_s` seconds or until only `until` tasks wait."""
    engine.fill(backlog)
    with _running(engine, peer, work, log) as process:
        _wait_until_warm(engine, process, engine.waiting(), peer)
        return _watch(engine, process, until, window_s)


def drain(engine: BenchEngine, peer: Peer, until: int, log: Path) -> None:
    """Run a peer until only `until` tasks wait."""
    engine.unlock_all()
    with _running(engine, peer, Work("drain", 0, 16), log):
        while engine.waiting() > until:
            time.sleep(POLL_INTERVAL_S)


def measure_limit(engine: BenchEngine, backlog: int, window_s: float, folder: Path) -> Figures:
    """Measure the engine's limit: tasks that were locked before in batches of 50 are completed by wrk."""
    engine.fill(backlog)
    ids = folder / "ids"
    ids.write_text("\n".join(engine.lock(backlog, "bench-limit")))
    credentials = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
    environment = {**os.environ, "IDS": str(ids), "AUTHORIZATION": f"Basic {credentials}"}
    script = str(ROOT / "bench" / "peers" / "limit.lua")
    connections = ["--threads", "1", "--connections", str(LIMIT_CONNECTIONS)]
    command = ["wrk", *connections, "--duration", f"{window_s:.0f}s", "--script", script, engine.url]
    before = engine.waiting()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    remaining = engine.waiting()
    if remaining == 0:
        raise SystemExit(f"{backlog} tasks are too few for the limit: raise LIMIT_BACKLOG")
    return Figures((before - remaining) / window_s)


@contextmanager
def _running(engine: BenchEngine, peer: Peer, work: Work, log: Path) -> Iterator[subprocess.Popen]:
    with log.open("a") as output:
        process = subprocess.Popen(
            peer.command,
            cwd=ROOT,
            env={**os.environ, **_environment_of(engine, work), **peer.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            # SIGKILL: most peers don't stop on SIGTERM
            process.kill()
            process.wait()


def _environment_of(engine: BenchEngine, work: Work) -> dict[str, str]:
    return {
        "ENGINE_URL": engine.url,
        "ENGINE_USERNAME": USERNAME,
        "ENGINE_PASSWORD": PASSWORD,
        "WAIT_S": str(work.wait_s),
        "SLOTS": str(work.slots),
        "PYTHONWARNINGS": "ignore",
    }


def _wait_until_warm(engine: BenchEngine, process: subprocess.Popen, waiting: int, peer: Peer) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while engine.waiting() > waiting - WARM_UP_TASKS:
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"{peer.name} did not start: see its log in .run/bench")
        time.sleep(POLL_INTERVAL_S)
    time.sleep(WARM_UP_S)


def _watch(engine: BenchEngine, process: subprocess.Popen, until: int, window_s: float) -> Figures:
    started, cpu_s, waiting = time.monotonic(), _cpu_s(process.pid), engine.waiting()
    remaining = waiting
    while time.monotonic() < started + window_s and remaining > until:
        time.sleep(POLL_INTERVAL_S)
        remaining = engine.waiting()
    took_s, done = time.monotonic() - started, waiting - remaining
    used_s = _cpu_s(process.pid) - cpu_s
    return Figures(done / took_s, used_s / done * 1000 if done else None, _peak_mb(process.pid))


def _cpu_s(pid: int) -> float:
    """Return the user and system time of a process, in seconds."""
    times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def python(module: str) -> list[str]:
    return [sys.executable, "-m", module]
