"""A worker process that is stopped, killed or started twice leaves no lock and loses no result."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from camunda7.worker import topic
from config.settings import ROOT
from tests.support.case import eventually
from tests.support.external_tasks import ExternalTasks
from tests.support.proxy import Proxy
from tests.support.running_worker import running_worker

LONG_LOCK_S = 120
StartWorker = Callable[..., subprocess.Popen]


@pytest.fixture
def start_worker(work: ExternalTasks, start_worker_on: StartWorker) -> StartWorker:
    """Start a worker process on this test's topic."""
    return functools.partial(start_worker_on, work)


@pytest.fixture
def start_worker_on(tmp_path: Path) -> Iterator[StartWorker]:
    """Start worker processes, which are killed after the test."""
    processes: list[subprocess.Popen] = []

    def start(
        work: ExternalTasks,
        worker_id: str = "",
        lock_s: float = LONG_LOCK_S,
        handler_s: float = 0.3,
        shutdown_timeout_s: float = 3,
    ) -> subprocess.Popen:
        engine_access = {f"WORK_{name.upper()}": value for name, value in work.worker.items()}
        command = [sys.executable, "-W", "ignore", "-m", "tests.support.worker_process"]
        with (tmp_path / "log").open("a") as log:
            process = subprocess.Popen(
                [*command, worker_id or work.reference, work.topic, *map(str, (lock_s, handler_s, shutdown_timeout_s))],
                cwd=ROOT,
                env={**os.environ, **engine_access, "FOLDER": str(tmp_path)},
                stdout=log,
                stderr=log,
            )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait(20)


def log_of(tmp_path: Path) -> str:
    return (tmp_path / "log").read_text()


def test_sigterm_under_load_leaves_no_lock_and_loses_no_result(
    work: ExternalTasks, start_worker: StartWorker, tmp_path: Path
) -> None:
    tasks = work.start(150, sample_number=1)
    process = start_worker()
    eventually(lambda: work.count_open() < 130)

    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0

    assert work.count_locked() == 0
    remaining = work.count_open()
    # each handler that had started has finished and was reported, none twice
    lines = log_of(tmp_path).splitlines()
    assert lines.count("begins 1") == lines.count("ends 1") == len(tasks) - remaining == work.count_completed()
    assert 0 < remaining < 130


def test_tasks_that_exceed_the_shutdown_timeout_are_unlocked(
    work: ExternalTasks, start_worker: StartWorker, tmp_path: Path
) -> None:
    work.start(4)
    process = start_worker(handler_s=60)
    eventually(lambda: log_of(tmp_path).count("begins") == 4)
    started_at = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert 2.5 < time.monotonic() - started_at < 20
    assert (work.count_locked(), work.count_open()) == (0, 4)


def test_a_second_signal_unlocks_the_tasks_and_exits_at_once(
    work: ExternalTasks, start_worker: StartWorker, tmp_path: Path
) -> None:
    work.start(4)
    process = start_worker(handler_s=60, shutdown_timeout_s=60)
    eventually(lambda: log_of(tmp_path).count("begins") == 4)
    started_at = time.monotonic()
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert time.monotonic() - started_at < 20
    assert (work.count_locked(), work.count_open()) == (0, 4)


def test_unlocked_tasks_are_not_locked_again_by_a_poll_that_ends_late(
    proxied_work: tuple[ExternalTasks, Proxy], start_worker_on: StartWorker, tmp_path: Path
) -> None:
    work, proxy = proxied_work
    work.start(4)
    process = start_worker_on(work, handler_s=60, shutdown_timeout_s=60)
    eventually(lambda: log_of(tmp_path).count("begins") == 4)
    # the next long poll is pending at the engine; the fetch that ends it is delayed by 2 s
    time.sleep(1)
    proxy.fault = lambda path: time.sleep(2) if path.endswith("fetchAndLock") else None
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert (work.count_locked(), work.count_open()) == (0, 4)


def test_an_engine_that_hangs_does_not_delay_the_shutdown(
    proxied_work: tuple[ExternalTasks, Proxy], start_worker_on: StartWorker, tmp_path: Path
) -> None:
    work, proxy = proxied_work
    process = start_worker_on(work)
    eventually(lambda: "health" in log_of(tmp_path))
    proxy.fault = lambda path: time.sleep(30)
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    # the shutdown timeout is 3 s
    assert process.wait(20) == 0


def test_a_restarted_worker_fetches_the_tasks_it_had_locked(
    work: ExternalTasks, start_worker: StartWorker, tmp_path: Path
) -> None:
    work.start(8)
    process = start_worker(handler_s=60)
    eventually(lambda: log_of(tmp_path).count("begins") == 8)
    process.kill()
    process.wait(20)
    assert work.count_locked(work.reference) == 8

    done: list[int] = []

    @topic(work.topic)
    def handle() -> None:
        done.append(1)

    started_at = time.monotonic()
    with running_worker(**work.worker, functions=[handle], slots=8, worker_id=work.reference):
        eventually(lambda: len(done) == 8)
        took_s = time.monotonic() - started_at
        eventually(lambda: work.count_open() == 0)
    # long before the locks would expire, after LONG_LOCK_S
    assert took_s < 20


def test_the_pending_poll_of_a_killed_worker_locks_no_task(
    work: ExternalTasks, start_worker: StartWorker, tmp_path: Path
) -> None:
    process = start_worker()
    eventually(lambda: "health" in log_of(tmp_path))
    time.sleep(1)
    process.kill()
    process.wait(20)
    done: list[int] = []

    @topic(work.topic)
    def handle() -> None:
        done.append(1)

    with running_worker(**work.worker, functions=[handle], worker_id=work.reference):
        time.sleep(0.5)
        started_at = time.monotonic()
        work.start(3)
        eventually(lambda: len(done) == 3)
        assert time.monotonic() - started_at < 20


def test_a_stopped_worker_leaves_no_pending_poll(
    work: ExternalTasks, start_worker: StartWorker, tmp_path: Path
) -> None:
    process = start_worker()
    eventually(lambda: "health" in log_of(tmp_path))
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    work.start()
    time.sleep(1)
    assert work.count_locked() == 0


def test_a_second_process_with_the_same_worker_id_is_refused(
    work: ExternalTasks, start_worker: StartWorker, tmp_path: Path
) -> None:
    first = start_worker()
    eventually(lambda: "health" in log_of(tmp_path))
    second = start_worker()
    assert second.wait(20) != 0
    message = (
        f"worker {work.reference} is already running as process {first.pid}: stop it, or set another number "
        "(workers.number)"
    )
    assert message in log_of(tmp_path)
    # another id works, and so does the same id once the first process has died
    other = start_worker("w-2")
    eventually(lambda: log_of(tmp_path).count("health") == 2)
    first.kill()
    first.wait(20)
    again = start_worker()
    eventually(lambda: log_of(tmp_path).count("health") == 3)
    assert (other.poll(), again.poll()) == (None, None)
