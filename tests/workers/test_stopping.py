"""A worker process that is asked to end, is killed, is started twice: nothing stays locked, nothing is lost."""

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
from tests.support.proxy import Proxy
from tests.support.work import Work
from tests.support.working import working

LONG_LOCK_S = 120
Starts = StartsOn = Callable[..., subprocess.Popen]


@pytest.fixture
def starts(work: Work, starts_on: StartsOn) -> Starts:
    """Starts a worker process on this test's topic."""
    return functools.partial(starts_on, work)


@pytest.fixture
def starts_on(tmp_path: Path) -> Iterator[StartsOn]:
    """Starts worker processes; they have ended afterwards."""
    processes: list[subprocess.Popen] = []

    def start(
        work: Work,
        worker_id: str = "",
        lock_s: float = LONG_LOCK_S,
        handler_s: float = 0.3,
        shutdown_timeout_s: float = 3,
    ) -> subprocess.Popen:
        told = {f"WORK_{name.upper()}": value for name, value in work.worker.items()}
        command = [sys.executable, "-W", "ignore", "-m", "tests.support.worker_process"]
        with (tmp_path / "log").open("a") as log:
            process = subprocess.Popen(
                [*command, worker_id or work.reference, work.topic, *map(str, (lock_s, handler_s, shutdown_timeout_s))],
                cwd=ROOT,
                env={**os.environ, **told, "FOLDER": str(tmp_path)},
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


def test_sigterm_under_load_leaves_nothing_locked_and_loses_nothing(work: Work, starts: Starts, tmp_path: Path) -> None:
    tasks = work.starts(150, sample_number=1)
    process = starts()
    eventually(lambda: work.left() < 130)

    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0

    assert work.locked() == 0
    left = work.left()
    # what had begun has ended and was reported, and nothing twice
    lines = log_of(tmp_path).splitlines()
    assert lines.count("begins 1") == lines.count("ends 1") == len(tasks) - left == len(work.deliveries())
    assert 0 < left < 130


def test_what_does_not_end_in_time_is_handed_back(work: Work, starts: Starts, tmp_path: Path) -> None:
    work.starts(4)
    process = starts(handler_s=60)
    eventually(lambda: log_of(tmp_path).count("begins") == 4)
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert 2.5 < time.monotonic() - begun < 20
    assert (work.locked(), work.left()) == (0, 4)


def test_a_second_signal_hands_back_and_leaves_at_once(work: Work, starts: Starts, tmp_path: Path) -> None:
    work.starts(4)
    process = starts(handler_s=60, shutdown_timeout_s=60)
    eventually(lambda: log_of(tmp_path).count("begins") == 4)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert time.monotonic() - begun < 20
    assert (work.locked(), work.left()) == (0, 4)


def test_what_is_handed_back_is_not_taken_again_by_a_poll_that_ends_late(
    troubled: tuple[Work, Proxy], starts_on: StartsOn, tmp_path: Path
) -> None:
    work, proxy = troubled
    work.starts(4)
    process = starts_on(work, handler_s=60, shutdown_timeout_s=60)
    eventually(lambda: log_of(tmp_path).count("begins") == 4)
    # its next poll is with the engine already; what ends it takes 2 s
    time.sleep(1)
    proxy.trouble = lambda path: time.sleep(2) if path.endswith("fetchAndLock") else None
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert (work.locked(), work.left()) == (0, 4)


def test_an_engine_that_hangs_holds_up_no_end(
    troubled: tuple[Work, Proxy], starts_on: StartsOn, tmp_path: Path
) -> None:
    work, proxy = troubled
    process = starts_on(work)
    eventually(lambda: "health" in log_of(tmp_path))
    proxy.trouble = lambda path: time.sleep(30)
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    # 3 s for what runs
    assert process.wait(20) == 0


def test_a_killed_worker_takes_its_tasks_back_when_it_restarts(work: Work, starts: Starts, tmp_path: Path) -> None:
    work.starts(8)
    process = starts(handler_s=60)
    eventually(lambda: log_of(tmp_path).count("begins") == 8)
    process.kill()
    process.wait(20)
    assert work.locked(work.reference) == 8

    done: list[int] = []

    @topic(work.topic)
    def handle() -> None:
        done.append(1)

    begun = time.monotonic()
    with working(**work.worker, functions=[handle], slots=8, worker_id=work.reference):
        eventually(lambda: len(done) == 8)
        took_s = time.monotonic() - begun
        eventually(lambda: work.left() == 0)
    # the locks last two minutes
    assert took_s < 20


def test_the_poll_that_a_killed_worker_has_left_takes_nothing(work: Work, starts: Starts, tmp_path: Path) -> None:
    process = starts()
    eventually(lambda: "health" in log_of(tmp_path))
    time.sleep(1)
    process.kill()
    process.wait(20)
    done: list[int] = []

    @topic(work.topic)
    def handle() -> None:
        done.append(1)

    with working(**work.worker, functions=[handle], worker_id=work.reference):
        time.sleep(0.5)
        begun = time.monotonic()
        work.starts(3)
        eventually(lambda: len(done) == 3)
        assert time.monotonic() - begun < 20


def test_a_worker_that_ended_leaves_no_poll_behind(work: Work, starts: Starts, tmp_path: Path) -> None:
    process = starts()
    eventually(lambda: "health" in log_of(tmp_path))
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    work.starts()
    time.sleep(1)
    assert work.locked() == 0


def test_a_second_process_of_the_same_name_is_refused(work: Work, starts: Starts, tmp_path: Path) -> None:
    first = starts()
    eventually(lambda: "health" in log_of(tmp_path))
    second = starts()
    assert second.wait(20) != 0
    said = (
        f"worker {work.reference} is already running as process {first.pid}: stop it, or set another number "
        "(workers.number)"
    )
    assert said in log_of(tmp_path)
    # another name works, and so does the same one when the first has died
    other = starts("w-2")
    eventually(lambda: log_of(tmp_path).count("health") == 2)
    first.kill()
    first.wait(20)
    again = starts()
    eventually(lambda: log_of(tmp_path).count("health") == 3)
    assert (other.poll(), again.poll()) == (None, None)
