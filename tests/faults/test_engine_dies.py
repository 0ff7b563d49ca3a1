"""The engine is killed while forms are sent and timers run: what was acknowledged is there, once, and all goes on."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from tests.faults.clocks import Clocks
from tests.faults.fleet import Fleet
from tests.faults.ground import Ground
from tests.faults.patients import coming
from tests.faults.run import LONG, Run, scaled, under_way

pytestmark = [pytest.mark.engine, pytest.mark.verify]

KILLS = scaled(1, 10)
CASES_FOR_EACH = scaled(5, 20)
GOES_WELL_FOR_S = scaled(2, 10)
CLOCKS = 20
DUE_IN_S = 4
READY_WITHIN_S = 30


def dies(ground: Ground, run: Run, nodes: Iterable[str]) -> None:
    """Kill these engines; timers fall due meanwhile."""
    ground.wait_until_up(*nodes)
    run.driver.start(CASES_FOR_EACH)
    time.sleep(GOES_WELL_FOR_S)
    clocks = Clocks(run.driver.engine, CLOCKS, in_s=DUE_IN_S)
    # some are on their way to it now
    run.driver.start(CASES_FOR_EACH)
    time.sleep(0.05)
    ground.kill(*nodes)
    run.broke()
    took = ground.engine_after()
    run.recovered(took)
    late = clocks.late_by(back_at=datetime.now(UTC))
    print(f"{', '.join(nodes)} killed: answers after {took:.1f} s; the last timer went off {late:.1f} s later")
    if LONG:
        assert took < READY_WITHIN_S


def test_the_engine_is_killed(ground: Ground) -> None:
    workers = Fleet(ground.parts["workers"], 2, ground.logs)
    with workers, under_way(ground.state, ground.ledgers, cases=0) as run, coming(ground, run):
        for _ in range(KILLS):
            dies(ground, run, ["engine"])
    run.report().is_sound()


def test_one_of_two_engines_is_killed_and_then_the_other_and_then_both(cluster: Ground) -> None:
    with under_way(cluster.state, cluster.ledgers, cases=0) as run, coming(cluster, run):
        for nodes in scaled([["engine-1"]], [["engine-1"], ["engine-2"], ["engine-1", "engine-2"]] * KILLS):
            dies(cluster, run, nodes)
    run.report().is_sound()
