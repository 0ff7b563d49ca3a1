"""The database server stops, a disk is full, the web application is killed: a form is acknowledged only if it
is stored, each acknowledged form starts one case, and all cases continue without intervention.
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
from tests.faults.patients import Patients, submitting_patients
from tests.faults.run import Run, running_cases, scaled
from tests.faults.system import SystemUnderTest
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


def wait_for_recovery(run: Run, patients: Patients) -> None:
    """Wait until patients' forms are accepted again."""
    began, before = time.monotonic(), len(patients.acknowledged)
    eventually(lambda: len(patients.acknowledged) > before, "no form is accepted any more", within_s=120)
    run.add_recovery(time.monotonic() - began)


def inject(run: Run, patients: Patients, fault: Callable[[], None]) -> None:
    """Inject a fault while cases are running and patients submit forms."""
    run.driver.start(CASES_FOR_EACH)
    eventually(lambda: patients.acknowledged, "no form is accepted", within_s=60)
    time.sleep(1)
    fault()
    run.add_faults()
    wait_for_recovery(run, patients)


@pytest.mark.verify
def test_the_database_server_stops(cluster: SystemUnderTest, server: Server) -> None:
    def stop_server(for_s: float) -> None:
        server.stop("immediate")
        time.sleep(for_s)
        server.start()

    with running_cases(cluster.state, cluster.ledgers, cases=0) as run, submitting_patients(cluster, run) as patients:
        for for_s in STOPS_S:
            inject(run, patients, lambda for_s=for_s: stop_server(for_s))
    run.report().check()
    assert set(patients.failed) <= {NO_ANSWER, 503}
    assert 503 in patients.failed


@pytest.mark.verify
def test_the_web_application_is_killed(system: SystemUnderTest) -> None:
    workers = Fleet(system.parts["workers"], 2, system.logs)
    with (
        workers,
        running_cases(system.state, system.ledgers, cases=0) as run,
        submitting_patients(system, run) as patients,
    ):
        for _ in range(KILLS):
            inject(run, patients, lambda: system.kill("webapp"))
    run.report().check()
    assert set(patients.failed) == {NO_ANSWER}


@pytest.mark.parametrize("what", [pytest.param("records", marks=pytest.mark.verify), "engine"])
def test_a_disk_is_full(system: SystemUnderTest, disks: dict[str, Disk], what: str) -> None:
    def fill_disk() -> None:
        with disks[what].filled():
            if what == "engine":
                write_until_refused(run.driver.engine)
            time.sleep(FULL_FOR_S / 2)
            # the other patients may have submitted a form already, and wait for the page of their case
            patients.add_patient()
            time.sleep(FULL_FOR_S / 2)

    workers = Fleet(system.parts["workers"], 2, system.logs)
    with (
        workers,
        running_cases(system.state, system.ledgers, cases=0) as run,
        submitting_patients(system, run) as patients,
    ):
        inject(run, patients, fill_disk)
    delete_stuffing(run.driver.engine)
    run.report().check()
    assert set(patients.failed) <= {NO_ANSWER, 503}
    assert patients.queued if what == "engine" else 503 in patients.failed


def write_until_refused(engine: Engine) -> None:
    """Deploy files until the engine can't store more: H2's file may have much unused space within it."""
    with contextlib.suppress(EngineUnavailable):
        for _ in range(500):
            engine.upload("/deployment/create", {"deployment-name": STUFFING}, {"any.bytes": os.urandom(4_000_000)})
        raise AssertionError("the full disk stores everything")


def delete_stuffing(engine: Engine) -> None:
    for deployment in engine.get("/deployment", name=STUFFING):
        engine.delete(f"/deployment/{deployment['id']}")
