"""A case that a server can't stand, among others: they finish, an incident tells of it; once repaired so does it."""

from __future__ import annotations

import statistics
import time

import pytest

from processes.cases import new_reference
from tests.faults.driver import Driver
from tests.faults.fleet import Fleet
from tests.faults.ground import Ground
from tests.faults.ledgered import POISONED
from tests.faults.run import LONG, scaled, under_way
from tests.support.case import eventually

pytestmark = [pytest.mark.engine, pytest.mark.verify]

CASES = scaled(10, 500)
STEP = "order_test"
# of throughput with a poisoned case to that without
AT_LEAST = 0.95
ROUNDS = 4


def incidents(driver: Driver) -> list[dict]:
    """Each once: the engine shows one of a called process with those that called it, too."""
    found = driver.engine.get("/incident", incidentType="failedExternalTask")
    return [incident for incident in found if incident["id"] == incident["causeIncidentId"]]


def test_one_poisoned_case_holds_up_no_other(ground: Ground) -> None:
    poison = new_reference()
    (ground.ledgers / POISONED).write_text(f"{poison}/{STEP}/1\n")
    workers = Fleet(ground.parts["workers"], 2, ground.logs)
    with workers, under_way(ground.state, ground.ledgers, cases=0) as run:
        driver = run.driver
        driver.start_these([poison])
        others = driver.start(CASES - 1)
        ended = scaled(300, 1800)
        eventually(lambda: driver.ended().keys() >= set(others), "a poisoned case holds up others", within_s=ended)
        eventually(lambda: incidents(driver), "nobody is told", within_s=120)
        [incident] = incidents(driver)
        assert poison not in driver.ended()
        # the server is repaired, and a process manager tries again
        (ground.ledgers / POISONED).unlink()
        driver.engine.put(f"/external-task/{incident['configuration']}/retries", {"retries": 1})
    report = run.report()
    assert (report.completed, report.lost, dict(report.doubled)) == (CASES, 0, {})
    assert incidents(driver) == []


def throughput(ground: Ground, with_poison: bool) -> float:
    """Cases that end per second, beside a poisoned one or not."""
    poison = new_reference()
    (ground.ledgers / POISONED).write_text(f"{poison}/{STEP}/1\n" if with_poison else "")
    with under_way(ground.state, ground.ledgers, cases=0) as run:
        began = time.monotonic()
        run.driver.start_these([poison])
        others = run.driver.start(100)
        eventually(lambda: run.driver.ended().keys() >= set(others), within_s=600)
        took = time.monotonic() - began
        (ground.ledgers / POISONED).unlink()
        for incident in incidents(run.driver):
            run.driver.engine.put(f"/external-task/{incident['configuration']}/retries", {"retries": 1})
    return len(others) / took


if LONG:

    def test_a_poisoned_case_costs_the_others_nothing(ground: Ground) -> None:
        per_s: dict[bool, list[float]] = {True: [], False: []}
        with Fleet(ground.parts["workers"], 2, ground.logs):
            for number in range(2 * ROUNDS):
                per_s[bool(number % 2)].append(throughput(ground, with_poison=bool(number % 2)))
        ratio = statistics.median(per_s[True]) / statistics.median(per_s[False])
        print(f"with a poisoned case {ratio:.2f} of the throughput without: {per_s}")
        assert ratio >= AT_LEAST
