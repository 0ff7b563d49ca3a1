"""Workers are killed and stopped under load: no case is lost, and nothing is done twice.

`make faults` takes 500 cases through two minutes of it, and has 50 die at each moment of each topic; `make test` less.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest

from processes.engine import Engine
from processes.variables import ENGINE_TIME
from tests.faults.conftest import Ground
from tests.faults.driver import Driver
from tests.faults.dying import AFTER, BEFORE, COMPLETED, EACH, FOLDER
from tests.faults.fleet import Fleet
from tests.faults.ledger import Ledger
from tests.faults.report import Report, done_after, effects_of, mails_with_other_ids, traces_of
from tests.support.case import eventually

pytestmark = pytest.mark.engine

LONG = bool(os.environ.get("FAULTS"))
CASES = 500 if LONG else 10
FAULTS_FOR_S = 120 if LONG else 8
EVERY_S = 2.0
DEATHS_OF_EACH = 50 if LONG else 1
WITHIN_S = 3600 if LONG else 150
LOCK_S = 5.0
# on the road of a positive case
TOPICS = (
    "doctor.assign", "doctor.publish_report", "government.check_contacts", "government.notify_contact",
    "government.register_case", "government.submit_contacts", "kpi.record_case", "lab.order_test", "lab.reserve_kit",
    "lab.tell_result", "patient.notify",
)  # fmt: skip


@dataclass(frozen=True)
class Hit:
    """A fault, and the tasks that it hit."""

    at: float
    tasks: list[str]


@contextmanager
def driven(ground: Ground, fleet: Fleet, cases: int) -> Iterator[Driver]:
    """Cases on their way; all have ended afterwards, or time is up."""
    ledger = ground.ledgers / f"driver-{time.time_ns()}.jsonl"
    driver = Driver(ground.state, Ledger(ledger))
    with fleet:
        driver.start(cases)
        driving = threading.Thread(target=driver.drive, args=[WITHIN_S])
        driving.start()
        yield driver
        driving.join()
        with contextlib.suppress(AssertionError):
            # a mail may be on its way
            eventually(lambda: all(traces_of(ground.state, each).mails for each in driver.acknowledged))
    driver.close()


def reported(ground: Ground, driver: Driver, cases: int, faults: int, hits: list[Hit]) -> Report:
    ended = driver.ended()
    completed = [reference for reference in driver.acknowledged if ended.get(reference) == "care_completed"]
    twice, again = effects_of(
        [Ledger(ground.ledgers / f"{name}.jsonl") for name in ("lab", "government")], driver.began_at
    )
    for reference in completed:
        found = traces_of(ground.state, reference).other_than_one()
        found |= mails_with_other_ids(ground.state, reference)
        twice |= {f"{reference}: {what}": times for what, times in found.items()}
    recoveries = [took for hit in hits for took in _recoveries(driver.engine, hit)]
    again += len(recoveries)
    report = Report(faults, cases, len(driver.acknowledged), len(completed), twice, again, recoveries)
    print(report)
    return report


def _recoveries(engine: Engine, hit: Hit) -> list[float]:
    done = done_after(engine, hit.tasks)
    assert done.keys() == set(hit.tasks), "a task that was hit has never been done"
    took = [datetime.strptime(at, ENGINE_TIME).timestamp() - hit.at for at in done.values()]
    # of some the engine had the result already
    return [seconds for seconds in took if seconds > 0]


def is_sound(report: Report) -> None:
    assert report.faults > 0
    assert report.redelivered > 0, "nothing was done again: no fault hit anything"
    assert (report.lost, dict(report.doubled)) == (0, {})


def caught_working(driver: Driver, fleet: Fleet, number: int) -> list[str]:
    """Stop a process, and say which tasks it has in hand; its poll may still be given some."""
    fleet.signal(number, signal.SIGSTOP)
    until = time.monotonic() + EVERY_S
    while True:
        found = driver.engine.get("/external-task", workerId=fleet.name(number), locked=True)
        tasks = [task["id"] for task in found if task["errorMessage"] is None]
        if tasks or time.monotonic() > until:
            return tasks
        time.sleep(0.02)


def test_one_of_four_is_killed_again_and_again(ground: Ground) -> None:
    hits: list[Hit] = []
    fleet = Fleet(ground.workers, 4, ground.folder / "log")
    with driven(ground, fleet, CASES) as driver:
        until = time.monotonic() + FAULTS_FOR_S
        for number in itertools.cycle(fleet.numbers):
            if time.monotonic() > until:
                break
            tasks = caught_working(driver, fleet, number)
            fleet.signal(number, signal.SIGKILL)
            hits.append(Hit(time.time(), tasks))
            time.sleep(EVERY_S)
    is_sound(reported(ground, driver, CASES, len(hits), hits))


def test_they_die_at_the_worst_moments_of_each_topic(ground: Ground, tmp_path: Path) -> None:
    dying = replace(ground.workers, command=[sys.executable, "-m", "tests.faults.dying"])
    more = {FOLDER: str(tmp_path), EACH: str(DEATHS_OF_EACH)}
    fleet = Fleet(dying, 4, ground.folder / "log", **more)
    with driven(ground, fleet, CASES) as driver:
        pass
    died = sorted(path.name for path in tmp_path.iterdir())
    wanted = sorted(
        f"{topic}.{moment}.{number}"
        for topic in TOPICS
        for moment in (BEFORE, AFTER, COMPLETED)
        for number in range(DEATHS_OF_EACH)
    )
    assert died == wanted
    assert fleet.deaths > 0
    is_sound(reported(ground, driver, CASES, len(died), []))


def test_one_that_slept_for_longer_than_its_locks_does_nothing_twice(ground: Ground) -> None:
    hits: list[Hit] = []
    fleet = Fleet(ground.workers, 2, ground.folder / "log")
    with driven(ground, fleet, CASES) as driver:
        until = time.monotonic() + FAULTS_FOR_S
        for number in itertools.cycle(fleet.numbers):
            hits.append(Hit(time.time(), caught_working(driver, fleet, number)))
            time.sleep(2 * LOCK_S)
            fleet.signal(number, signal.SIGCONT)
            if time.monotonic() > until:
                break
    is_sound(reported(ground, driver, CASES, len(hits), hits))
