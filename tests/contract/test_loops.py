"""What runs in the background survives its errors and is watched: each thread and loop of the parts is listed here."""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from config.settings import ROOT
from tests.support.case import eventually
from workers.runtime.clock import Clock
from workers.runtime.threads import DEFECTS, Threads, run_until

PARTS = ("config", "deployment", "kpi", "processes", "records", "services", "stack", "webapp", "workers")
STARTERS = {
    "Thread",
    "Timer",
    "ThreadPoolExecutor",
    "ProcessPoolExecutor",
    "Process",
    "start_new_thread",
    "create_task",
}
# where threads begin, and who holds what runs on them to this promise
THREADS = {
    "config/periodic.py": "tests/unit/config/test_periodic.py; alert PeriodicTaskFails",
    "config/serving.py": "a timer that ends a slow request, once",
    "processes/readiness.py": "a pool that /readyz waits for",
    "stack/platform.py": "a pool that `make up` waits for",
    "stack/replay.py": "a pool that the demo waits for",
    "stack/tour.py": "a pool that the demo waits for",
    "workers/__main__.py": "stops the runtime, once",
    "workers/runtime/clock.py": "here; alert WorkerDefect",
    "workers/runtime/health.py": "answers /healthz itself: alert PartGone",
    "workers/runtime/runtime.py": "run_until, here; the poller, without which the process ends: alert PartGone",
    "workers/runtime/slots.py": "tests/unit/workers/runtime; alert WorkerDefect",
    "workers/runtime/threads.py": "here; alert WorkerDefect",
}
PERIODIC = {"lab_feed", "outbox", "erasures", "forwarder", "housekeeping", "bench"}
# loops of the engine's module, beside Camunda's own
ENGINE = {
    "EmbeddedDatabase.java": "ends the engine: alert PartGone",
    "EngineMetrics.java": "alert EngineTaskFails",
    "OnlyOnce.java": "alert EngineTaskFails",
}


@cache
def sources() -> list[tuple[str, ast.AST]]:
    paths = [path for part in PARTS for path in sorted((ROOT / part).rglob("*.py"))]
    return [(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""), node


def test_threads_begin_in_no_other_place() -> None:
    found = {path for path, tree in sources() if any(name in STARTERS for name, _ in calls(tree))}
    assert found == set(THREADS)


def test_each_periodic_task_is_known() -> None:
    found = {
        call.args[0].value
        for _, tree in sources()
        for name, call in calls(tree)
        if name == "PeriodicTask" and isinstance(call.args[0], ast.Constant)
    }
    assert found == PERIODIC


def test_no_other_loop_waits_for_its_next_turn() -> None:
    """`while not stopping.wait(…)` and `while True` with a sleep are loops of this kind."""
    allowed = {
        # the thread that everything else is started from; a part that can't be started is tried again
        "stack/supervisor.py",
        # started again by run_until
        "workers/runtime/locks.py",
        "workers/runtime/runtime.py",
    }
    found = {
        path
        for path, tree in sources()
        for loop in ast.walk(tree)
        if isinstance(loop, ast.While) and any(name == "wait" for name, _ in calls(loop.test))
    }
    assert found == allowed


def test_loops_of_the_engine_are_these() -> None:
    files = (ROOT / "engine/src/main/java").rglob("*.java")
    starts = re.compile(r"@Scheduled|new Thread\(|Executors\.|TimerTask|\.parallelStream\(|CompletableFuture")
    assert {path.name for path in files if starts.search(path.read_text())} == set(ENGINE)


def once(fails: list[int]) -> None:
    fails.append(1)
    if len(fails) == 1:
        raise KeyError("Ada Lovelace")


def on_clock(function: Callable[[], None]) -> None:
    clock = Clock()
    clock.call_at(0, function)
    clock.call_at(0, function)


def on_threads(function: Callable[[], None]) -> None:
    threads = Threads(1, "test")
    threads.submit(function)
    threads.submit(function)


def in_keeper(function: Callable[[], None]) -> None:
    stopped = threading.Event()

    def loop(_: threading.Event) -> None:
        function()
        stopped.set()

    threading.Thread(target=run_until, args=(stopped, loop), daemon=True).start()


@pytest.mark.parametrize("begin", [on_clock, on_threads, in_keeper])
def test_a_thread_of_the_runtime_goes_on_and_its_error_is_counted(
    begin: Callable[[Any], None], caplog: pytest.LogCaptureFixture
) -> None:
    before, runs = DEFECTS._value.get(), []
    begin(lambda: once(runs))
    eventually(lambda: len(runs) == 2)
    assert DEFECTS._value.get() == before + 1
    assert "KeyError at " in caplog.text
    assert "Ada" not in caplog.text


def test_each_alert_that_is_named_exists() -> None:
    rules = set(re.findall(r"alert: (\w+)", (ROOT / "deployment/monitoring/alerts.yml").read_text()))
    named = set(re.findall(r"alert (\w+)", " ".join((*THREADS.values(), *ENGINE.values()))))
    assert named <= rules
    assert len(named) >= 4
