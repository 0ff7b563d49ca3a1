"""Background threads and loops survive their errors and are monitored; all of the parts are listed here."""

from __future__ import annotations

import ast
import re
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from camunda7.worker import threads, topic
from camunda7.worker.clock import Clock
from camunda7.worker.handler_pool import HandlerPool
from camunda7.worker.tasks import Task
from camunda7.worker.threads import DEFECTS, Threads, run_until
from config.settings import ROOT
from hosting.periodic import PeriodicTask
from tests.support.case import eventually
from tests.support.fake_engine import fake_engine
from tests.support.packages import PARTS
from tests.support.running_worker import running_worker

STARTERS = {
    "Thread",
    "Timer",
    "ThreadPoolExecutor",
    "ProcessPoolExecutor",
    "Process",
    "start_new_thread",
    "create_task",
}
# modules that start threads, and what tests or monitors these threads
THREADS = {
    "hosting/periodic.py": "tests/unit/hosting/test_periodic.py; alert PeriodicTaskFails",
    "hosting/gunicorn_worker.py": "a timer that ends a slow request, once",
    "hosting/readiness.py": "a pool that /readyz waits for",
    "services/lab/gateway/mllp.py": "test_channels.py; a connection's error ends it only",
    "stack/platform.py": "a pool that `make up` waits for",
    "stack/replay.py": "a pool that the demo waits for",
    "stack/tour.py": "a pool that the demo waits for",
    "camunda7/worker/clock.py": "this file; alert WorkerDefect",
    "camunda7/worker/health.py": "answers /healthz itself: alert PartGone",
    "camunda7/worker/runtime.py": "this file, by run_until; alert WorkerDefect",
    "camunda7/worker/service.py": "stops the runtime, once",
    "camunda7/worker/handler_pool.py": "tests/unit/camunda7/worker; alert WorkerDefect",
    "camunda7/worker/threads.py": "this file; alert WorkerDefect",
}
PERIODIC = {"lab_feed", "outbox", "erasures", "forwarder", "housekeeping", "bench"}
PERIODIC |= {"lab_inbox", "lab_messages", "lab_folder"}
# loops of the engine's module, in addition to Camunda's own
ENGINE = {
    "EmbeddedDatabase.java": "ends the engine: alert PartGone",
    "EngineMetrics.java": "alert EngineTaskFails",
    "IdempotencyKeys.java": "alert EngineTaskFails",
}


@cache
def sources() -> list[tuple[str, ast.AST]]:
    paths = [path for part in PARTS for path in sorted((ROOT / part).rglob("*.py"))]
    return [(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""), node


def test_no_other_module_starts_threads() -> None:
    found = {path for path, tree in sources() if any(name in STARTERS for name, _ in calls(tree))}
    assert found == set(THREADS)


def test_each_periodic_task_is_listed() -> None:
    found = {
        call.args[0].value
        for _, tree in sources()
        for name, call in calls(tree)
        if name == "PeriodicTask" and isinstance(call.args[0], ast.Constant)
    }
    assert found == PERIODIC


def test_no_other_loop_waits_for_its_next_iteration() -> None:
    """`while not stopping.wait(…)` and `while True` with a sleep are loops of this kind."""
    allowed = {
        # the main thread, which retries a part that can't be started
        "stack/supervisor.py",
        # restarted by run_until
        "camunda7/worker/lock_keeper.py",
        "camunda7/worker/runtime.py",
    }
    found = {
        path
        for path, tree in sources()
        for loop in ast.walk(tree)
        if isinstance(loop, ast.While) and any(name == "wait" for name, _ in calls(loop.test))
    }
    assert found == allowed


def test_each_loop_of_the_engine_is_listed() -> None:
    files = (ROOT / "engine/src/main/java").rglob("*.java")
    starts = re.compile(r"@Scheduled|new Thread\(|Executors\.|TimerTask|\.parallelStream\(|CompletableFuture")
    assert {path.name for path in files if starts.search(path.read_text())} == set(ENGINE)


def recurse() -> None:
    recurse()


def raise_(error: BaseException) -> None:
    raise error


def error_without_text() -> BaseException:
    class Broken(Exception):
        def __str__(self) -> str:
            raise KeyError

    return Broken()


FAULTS: dict[str, Callable[[], None]] = {
    "KeyError": lambda: raise_(KeyError("Ada Lovelace")),
    "MemoryError": lambda: raise_(MemoryError("Ada Lovelace")),
    "RecursionError": recurse,
    "SystemExit": lambda: sys.exit("Ada Lovelace"),
    "KeyboardInterrupt": lambda: raise_(KeyboardInterrupt()),
    "GeneratorExit": lambda: raise_(GeneratorExit()),
    "BaseExceptionGroup": lambda: raise_(BaseExceptionGroup("Ada Lovelace", [SystemExit()])),
    "Broken": lambda: raise_(error_without_text()),
}


def fail_once(runs: list[int], fault: Callable[[], None]) -> None:
    runs.append(1)
    if len(runs) == 1:
        fault()


def run_on_clock(function: Callable[[], None]) -> None:
    clock = Clock()
    clock.call_at(0, function)
    clock.call_at(0, function)


def run_on_threads(function: Callable[[], None]) -> None:
    callers = Threads(1, "test")
    callers.submit(function)
    callers.submit(function)


def run_in_loop(function: Callable[[], None]) -> None:
    stopped = threading.Event()

    def loop(_: threading.Event) -> None:
        function()
        stopped.set()

    threading.Thread(target=run_until, args=(stopped, loop), daemon=True).start()


def run_on_slot(function: Callable[[], None]) -> None:
    slots = HandlerPool(1, {"a.topic"}, lambda task: function(), lambda: 0)
    slots.add([Task({"id": name, "topicName": "a.topic"}, 0) for name in ("t1", "t2")])


def run_between_tasks(function: Callable[[], None]) -> None:
    slots = HandlerPool(1, {"a.topic"}, lambda task: None, lambda: 0)
    slots.on_slot_released = function
    slots.add([Task({"id": name, "topicName": "a.topic"}, 0) for name in ("t1", "t2")])


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("run_twice", [run_on_clock, run_on_threads, run_in_loop, run_on_slot, run_between_tasks])
def test_a_thread_of_the_runtime_survives_an_error_which_is_counted(
    run_twice: Callable[[Any], None], fault: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "RESTART_AFTER_S", 0.01)
    before, runs = DEFECTS._value.get(), []
    run_twice(lambda: fail_once(runs, FAULTS[fault]))
    eventually(lambda: len(runs) == 2)
    assert DEFECTS._value.get() == before + 1
    assert f"{fault} at " in caplog.text
    assert "Ada" not in caplog.text


@pytest.mark.parametrize("fault", FAULTS)
def test_the_fetch_loop_survives_an_error(fault: str, caplog: pytest.LogCaptureFixture, monkeypatch: Any) -> None:
    monkeypatch.setattr(threads, "RESTART_AFTER_S", 0.01)

    @topic("lab.order_test")
    def handle() -> None: ...

    with fake_engine() as (engine, url), running_worker(url, [handle]) as runtime:
        fetch, faults = runtime.client.fetch, [FAULTS[fault]]

        def faulty_fetch(*arguments: Any) -> Any:
            return fetch(*arguments) if not faults else faults.pop()()

        monkeypatch.setattr(runtime.client, "fetch", faulty_fetch)
        task = engine.add()
        eventually(lambda: not faults and task in engine.ended)
    assert f"{fault} at " in caplog.text
    assert "Ada" not in caplog.text


@pytest.mark.parametrize("fault", FAULTS)
def test_a_periodic_task_survives_an_error(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    runs: list[int] = []
    stopping = threading.Event()
    PeriodicTask("odd", lambda: fail_once(runs, FAULTS[fault]), 0.001, lambda error: f"{error!s:.0}").start(stopping)
    eventually(lambda: len(runs) >= 2)
    stopping.set()
    assert f"odd failed ({fault})" in caplog.text
    assert "Ada" not in caplog.text


def test_each_alert_that_is_named_exists() -> None:
    rules = set(re.findall(r"alert: (\w+)", (ROOT / "monitoring/alerts.yml").read_text()))
    named = set(re.findall(r"alert (\w+)", " ".join((*THREADS.values(), *ENGINE.values()))))
    assert named <= rules
    assert len(named) >= 4
