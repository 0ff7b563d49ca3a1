"""Workers are killed and stopped under load: no case is lost, and nothing is done twice."""

from __future__ import annotations

import itertools
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from config.settings import environment_name
from tests.faults.driver import Driver
from tests.faults.dying import AFTER, BEFORE, COMPLETED, EACH, FOLDER, MAIL
from tests.faults.fleet import Fleet
from tests.faults.ground import Ground
from tests.faults.report import Messages, double_windows, in_words
from tests.faults.run import scaled, under_way
from tests.support.platform import QUICK

pytestmark = [pytest.mark.engine, pytest.mark.verify]

CLAIM_S = environment_name("workers", "lease_s")
FAULTS_FOR_S = scaled(8, 120)
EVERY_S = 2.0
DEATHS_OF_EACH = scaled(1, 50)
LOCK_S = float(QUICK["workers", "lock_s"])
# on the road of a positive case
TOPICS = (
    "doctor.assign", "doctor.publish_report", "government.check_contacts", "government.notify_contact",
    "government.register_case", "government.submit_contacts", "kpi.record_case", "lab.order_test", "lab.reserve_kit",
    "lab.tell_result", "patient.notify",
)  # fmt: skip
MOMENTS = [*itertools.product(TOPICS, (BEFORE, AFTER, COMPLETED)), (MAIL, BEFORE), (MAIL, AFTER)]


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


@pytest.mark.parametrize(("count", "how", "pause_s"), [(4, signal.SIGKILL, 0), (2, signal.SIGCONT, 2 * LOCK_S)])
def test_one_is_killed_or_sleeps_for_longer_than_its_locks_again_and_again(
    ground: Ground, count: int, how: signal.Signals, pause_s: float
) -> None:
    fleet = Fleet(ground.parts["workers"], count, ground.logs)
    with fleet, under_way(ground.state, ground.ledgers) as run:
        until = time.monotonic() + FAULTS_FOR_S
        for number in itertools.cycle(fleet.numbers):
            run.hit(caught_working(run.driver, fleet, number))
            time.sleep(pause_s)
            fleet.signal(number, how)
            if time.monotonic() > until:
                break
            time.sleep(EVERY_S)
    run.report().is_sound()


def test_they_die_at_the_worst_moments_of_each_topic(ground: Ground, tmp_path: Path) -> None:
    dying = replace(ground.parts["workers"], command=[sys.executable, "-m", "tests.faults.dying"])
    fleet = Fleet(dying, 4, ground.logs, **{FOLDER: str(tmp_path), EACH: str(DEATHS_OF_EACH), CLAIM_S: "5"})
    with fleet, under_way(ground.state, ground.ledgers) as run:
        pass
    died = {path.name for path in tmp_path.iterdir()}
    # and of other topics, where cases of other tests still go on
    assert {f"{what}.{when}.{number}" for what, when in MOMENTS for number in range(DEATHS_OF_EACH)} <= died
    # two threads of a process may have come to theirs when it dies
    assert len(died) / 2 <= fleet.deaths <= len(died)
    run.broke(fleet.deaths)
    run.report().is_sound()
    # SMTP has no keys: a mail that the server has when its sender dies goes again
    again = sum(map(Messages(ground.state).sent_again_to, run.driver.acknowledged))
    print(f"{again} mails went twice; the window: {in_words(double_windows(ground.state))}")
    assert DEATHS_OF_EACH <= again < len(died)
