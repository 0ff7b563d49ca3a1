"""Workers are killed and suspended under load: no case is lost, and no effect is doubled."""

from __future__ import annotations

import itertools
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from config.settings import environment_name
from tests.faults.crashing_workers import AFTER, BEFORE, COMPLETED, EACH, FOLDER, MAIL
from tests.faults.driver import Driver
from tests.faults.fleet import Fleet
from tests.faults.report import Messages, duplicate_windows, format_durations
from tests.faults.run import running_cases, scaled
from tests.faults.system import SystemUnderTest
from tests.support.platform import FAST_SETTINGS

pytestmark = [pytest.mark.engine, pytest.mark.verify]

LEASE_S = environment_name("workers", "lease_s")
DURATION_S = scaled(8, 120)
INTERVAL_S = 2.0
CRASHES_OF_EACH = scaled(1, 50)
LOCK_S = float(FAST_SETTINGS["workers", "lock_s"])
# the topics of a positive case
TOPICS = (
    "doctor.assign", "doctor.publish_report", "government.check_contacts", "government.notify_contact",
    "government.register_case", "government.submit_contacts", "kpi.record_case", "lab.order_test", "lab.reserve_kit",
    "lab.tell_result", "patient.notify",
)  # fmt: skip
MOMENTS = [*itertools.product(TOPICS, (BEFORE, AFTER, COMPLETED)), (MAIL, BEFORE), (MAIL, AFTER)]


def suspend(driver: Driver, fleet: Fleet, number: int) -> list[str]:
    """Suspend a process; returns the activity instances of the tasks that it holds, with those of its long poll."""
    fleet.signal(number, signal.SIGSTOP)
    until = time.monotonic() + INTERVAL_S
    while True:
        found = driver.engine.get("/external-task", workerId=fleet.worker_id(number), locked=True)
        tasks = [task["activityInstanceId"] for task in found if task["errorMessage"] is None]
        if tasks or time.monotonic() > until:
            return tasks
        time.sleep(0.02)


@pytest.mark.parametrize(("count", "how", "pause_s"), [(4, signal.SIGKILL, 0), (2, signal.SIGCONT, 2 * LOCK_S)])
def test_cases_complete_while_workers_are_killed_or_suspended_longer_than_their_locks(
    system: SystemUnderTest, count: int, how: signal.Signals, pause_s: float
) -> None:
    fleet = Fleet(system.parts["workers"], count, system.logs)
    with fleet, running_cases(system.state, system.ledgers) as run:
        until = time.monotonic() + DURATION_S
        for number in itertools.cycle(fleet.numbers):
            run.add_interruption(suspend(run.driver, fleet, number))
            time.sleep(pause_s)
            fleet.signal(number, how)
            if time.monotonic() > until:
                break
            time.sleep(INTERVAL_S)
    run.report().check()


def test_cases_complete_while_workers_crash_at_the_worst_moments_of_each_topic(
    system: SystemUnderTest, tmp_path: Path
) -> None:
    crashing = replace(system.parts["workers"], command=[sys.executable, "-m", "tests.faults.crashing_workers"])
    fleet = Fleet(crashing, 4, system.logs, **{FOLDER: str(tmp_path), EACH: str(CRASHES_OF_EACH), LEASE_S: "5"})
    with fleet, running_cases(system.state, system.ledgers) as run:
        pass
    crashes = {path.name for path in tmp_path.iterdir()}
    # cases of other tests may be running, and cause crashes in other topics
    assert {f"{what}.{when}.{number}" for what, when in MOMENTS for number in range(CRASHES_OF_EACH)} <= crashes
    # two threads of a process may have created their files when it dies
    assert len(crashes) / 2 <= fleet.deaths <= len(crashes)
    run.add_faults(fleet.deaths)
    run.report().check()
    # SMTP has no idempotency keys: a mail is sent again if its sender dies after the server has received it
    repeated = sum(map(Messages(system.state).count_repeated_mails, run.driver.acknowledged))
    print(f"{repeated} mails were sent twice; the window: {format_durations(duplicate_windows(system.state))}")
    assert CRASHES_OF_EACH <= repeated < len(crashes)
