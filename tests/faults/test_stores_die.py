"""What keeps data dies or is full, and so does the web application: nobody is told that a form was kept when it wasn't,
what was kept arrives once, and all goes on by itself.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable

import pytest

from camunda7.engine import EngineUnavailable
from processes.engine import Engine
from tests.faults.fleet import Fleet
from tests.faults.ground import Ground
from tests.faults.patients import Patients, coming
from tests.faults.run import Run, scaled, under_way
from tests.support.case import eventually
from tests.support.disk import Disk
from tests.support.postgresql import Server

pytestmark = pytest.mark.engine

STOPS_S = scaled([4.0], [1.0] * 5 + [30.0])
KILLS = scaled(2, 10)
FULL_FOR_S = scaled(6.0, 30.0)
CASES_FOR_EACH = scaled(5, 20)
NO_ANSWER = 0
STUFFING = "stuffing"


def goes_on(run: Run, patients: Patients) -> None:
    """Wait until patients' forms are taken again."""
    began, before = time.monotonic(), len(patients.acknowledged)
    eventually(lambda: len(patients.acknowledged) > before, "no form is taken any more", within_s=120)
    run.recovered(time.monotonic() - began)


def breaks(run: Run, patients: Patients, broken: Callable[[], None]) -> None:
    """Break something while cases and patients are on their way."""
    run.driver.start(CASES_FOR_EACH)
    eventually(lambda: patients.acknowledged, "no form is taken", within_s=60)
    time.sleep(1)
    broken()
    run.broke()
    goes_on(run, patients)


@pytest.mark.verify
def test_the_database_server_stops(cluster: Ground, server: Server) -> None:
    def stops(for_s: float) -> None:
        server.stop("immediate")
        time.sleep(for_s)
        server.start()

    with under_way(cluster.state, cluster.ledgers, cases=0) as run, coming(cluster, run) as patients:
        for for_s in STOPS_S:
            breaks(run, patients, lambda for_s=for_s: stops(for_s))
    run.report().is_sound()
    assert set(patients.refused) <= {NO_ANSWER, 503}
    assert 503 in patients.refused


@pytest.mark.verify
def test_the_web_application_is_killed(ground: Ground) -> None:
    workers = Fleet(ground.parts["workers"], 2, ground.logs)
    with workers, under_way(ground.state, ground.ledgers, cases=0) as run, coming(ground, run) as patients:
        for _ in range(KILLS):
            breaks(run, patients, lambda: ground.kill("webapp"))
    run.report().is_sound()
    assert set(patients.refused) == {NO_ANSWER}


@pytest.mark.parametrize("what", [pytest.param("records", marks=pytest.mark.verify), "engine"])
def test_a_disk_is_full(ground: Ground, disks: dict[str, Disk], what: str) -> None:
    def fills() -> None:
        with disks[what].full():
            if what == "engine":
                write_until_refused(run.driver.engine)
            time.sleep(FULL_FOR_S / 2)
            # whoever is here already may have sent a form, and waits for the page of their case
            patients.another_comes()
            time.sleep(FULL_FOR_S / 2)

    workers = Fleet(ground.parts["workers"], 2, ground.logs)
    with workers, under_way(ground.state, ground.ledgers, cases=0) as run, coming(ground, run) as patients:
        breaks(run, patients, fills)
    forget_what_was_written(run.driver.engine)
    run.report().is_sound()
    assert set(patients.refused) <= {NO_ANSWER, 503}
    assert patients.kept if what == "engine" else 503 in patients.refused


def write_until_refused(engine: Engine) -> None:
    """H2's file may have room within, for long."""
    with contextlib.suppress(EngineUnavailable):
        for _ in range(500):
            engine.upload("/deployment/create", {"deployment-name": STUFFING}, {"any.bytes": os.urandom(4_000_000)})
        raise AssertionError("a disk that is full takes it all")


def forget_what_was_written(engine: Engine) -> None:
    for deployment in engine.get("/deployment", name=STUFFING):
        engine.delete(f"/deployment/{deployment['id']}")
