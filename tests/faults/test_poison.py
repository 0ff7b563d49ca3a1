"""A poisoned case, whose request the lab answers with 500: other cases end, it has an incident, and ends after the
repair.
"""

from __future__ import annotations

import statistics
import time

import pytest

from processes.cases import new_reference
from tests.faults.driver import Driver
from tests.faults.fleet import Fleet
from tests.faults.ledger_middleware import POISONED
from tests.faults.run import LONG, running_cases, scaled
from tests.faults.system import SystemUnderTest
from tests.support.case import eventually

pytestmark = [pytest.mark.engine, pytest.mark.verify]

CASES = scaled(10, 500)
STEP = "order_test"
# throughput with a poisoned case, relative to that without
MIN_RATIO = 0.95
ROUNDS = 4


def incidents(driver: Driver) -> list[dict]:
    """The root incidents: the engine lists an incident of a called process for its calling processes, too."""
    found = driver.engine.get("/incident", incidentType="failedExternalTask")
    return [incident for incident in found if incident["id"] == incident["causeIncidentId"]]


def test_a_poisoned_case_does_not_hold_up_others(system: SystemUnderTest) -> None:
    poison = new_reference()
    (system.ledgers / POISONED).write_text(f"{poison}/{STEP}/1\n")
    workers = Fleet(system.parts["workers"], 2, system.logs)
    with workers, running_cases(system.state, system.ledgers, cases=0) as run:
        driver = run.driver
        driver.start_cases([poison])
        others = driver.start(CASES - 1)
        timeout_s = scaled(300, 1800)
        eventually(lambda: driver.ended().keys() >= set(others), "a poisoned case holds up others", within_s=timeout_s)
        eventually(lambda: incidents(driver), "there is no incident", within_s=120)
        [incident] = incidents(driver)
        assert poison not in driver.ended()
        # the lab is repaired, and a process manager retries the task
        (system.ledgers / POISONED).unlink()
        driver.engine.put(f"/external-task/{incident['configuration']}/retries", {"retries": 1})
    report = run.report()
    assert (report.completed, report.lost, dict(report.doubled)) == (CASES, 0, {})
    assert incidents(driver) == []


def throughput(system: SystemUnderTest, with_poison: bool) -> float:
    """Ended cases per second, with or without a poisoned one among them."""
    poison = new_reference()
    (system.ledgers / POISONED).write_text(f"{poison}/{STEP}/1\n" if with_poison else "")
    with running_cases(system.state, system.ledgers, cases=0) as run:
        began = time.monotonic()
        run.driver.start_cases([poison])
        others = run.driver.start(100)
        eventually(lambda: run.driver.ended().keys() >= set(others), within_s=600)
        took = time.monotonic() - began
        (system.ledgers / POISONED).unlink()
        for incident in incidents(run.driver):
            run.driver.engine.put(f"/external-task/{incident['configuration']}/retries", {"retries": 1})
    return len(others) / took


if LONG:

    def test_a_poisoned_case_does_not_reduce_throughput(system: SystemUnderTest) -> None:
        per_s: dict[bool, list[float]] = {True: [], False: []}
        with Fleet(system.parts["workers"], 2, system.logs):
            for number in range(2 * ROUNDS):
                per_s[bool(number % 2)].append(throughput(system, with_poison=bool(number % 2)))
        ratio = statistics.median(per_s[True]) / statistics.median(per_s[False])
        print(f"with a poisoned case {ratio:.2f} of the throughput without: {per_s}")
        assert ratio >= MIN_RATIO
