"""The engine is killed while forms are submitted and timers run: acknowledged data is stored once, cases continue."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from tests.faults.fleet import Fleet
from tests.faults.patients import submitting_patients
from tests.faults.run import LONG, Run, running_cases, scaled
from tests.faults.system import SystemUnderTest
from tests.faults.timers import Timers

pytestmark = [pytest.mark.engine, pytest.mark.verify]

KILLS = scaled(1, 10)
CASES_FOR_EACH = scaled(5, 20)
UNDISTURBED_S = scaled(2, 10)
TIMERS = 20
DUE_IN_S = 4
READY_WITHIN_S = 30


def kill_engines(system: SystemUnderTest, run: Run, nodes: Iterable[str]) -> None:
    """Kill these engines while timers fall due, and wait until an engine answers and the timers have fired."""
    system.wait_until_up(*nodes)
    run.driver.start(CASES_FOR_EACH)
    time.sleep(UNDISTURBED_S)
    timers = Timers(run.driver.engine, TIMERS, in_s=DUE_IN_S)
    # so that some requests are in progress when the engines are killed
    run.driver.start(CASES_FOR_EACH)
    time.sleep(0.05)
    system.kill(*nodes)
    run.add_faults()
    took = system.wait_for_engine()
    run.add_recovery(took)
    late = timers.wait_until_fired(back_at=datetime.now(UTC))
    print(f"{', '.join(nodes)} killed: answers after {took:.1f} s; the last timer fired {late:.1f} s later")
    if LONG:
        assert took < READY_WITHIN_S


def test_the_engine_is_killed(system: SystemUnderTest) -> None:
    workers = Fleet(system.parts["workers"], 2, system.logs)
    with workers, running_cases(system.state, system.ledgers, cases=0) as run, submitting_patients(system, run):
        for _ in range(KILLS):
            kill_engines(system, run, ["engine"])
    run.report().check()


def test_one_of_two_engines_is_killed_and_then_the_other_and_then_both(cluster: SystemUnderTest) -> None:
    with running_cases(cluster.state, cluster.ledgers, cases=0) as run, submitting_patients(cluster, run):
        for nodes in scaled([["engine-1"]], [["engine-1"], ["engine-2"], ["engine-1", "engine-2"]] * KILLS):
            kill_engines(cluster, run, nodes)
    run.report().check()
