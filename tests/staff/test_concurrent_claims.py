"""Two doctors claim the same report concurrently: one succeeds, and the other gets an error message."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from unittest.mock import ANY, Mock

import pytest
from playwright.sync_api import Page, expect

from camunda7.engine import EngineRefused, NotFound
from processes.engine import Engine
from records.outbox import Outbox
from records.roster import Roster
from tests.support.case import CaseUnderTest
from tests.support.chromium import DESKTOP
from tests.support.people import StaffMember
from tests.support.platform import read_secrets
from tests.support.tier import rounds
from workers.doctor import escalate, raise_priority

pytestmark = pytest.mark.engine

RACES = rounds(test=15, verify=100)
DOCTORS = ("doctor", "doctor2")
ALREADY_CLAIMED = "is already claimed by someone else"


def claim(engine: Engine, doctor: str, task: str, barrier: Barrier) -> str | None:
    """Claim a task; returns the error message if another doctor has claimed it."""
    barrier.wait()
    try:
        engine.post(f"/task/{task}/claim", {"userId": doctor})
    except EngineRefused as refused:
        return refused.message
    return None


def test_of_two_concurrent_claims_one_succeeds(case: CaseUnderTest) -> None:
    case.reach_report("negative")
    report = case.wait_for_task("doctor_report").id
    engines = {doctor: case.engine_as(doctor) for doctor in DOCTORS}
    wins = dict.fromkeys(DOCTORS, 0)
    with ThreadPoolExecutor(2) as pool:
        for race in range(RACES):
            # they take turns in being submitted first
            doctors = DOCTORS[:: 1 if race % 2 else -1]
            barrier = Barrier(2, timeout=60)
            claiming = [pool.submit(claim, engines[doctor], doctor, report, barrier) for doctor in doctors]
            messages = dict(zip(doctors, [one.result() for one in claiming], strict=True))
            [winner] = [doctor for doctor, message in messages.items() if message is None]
            [message] = [message for message in messages.values() if message is not None]
            assert ALREADY_CLAIMED in message
            assert case.admin.get(f"/task/{report}")["assignee"] == winner
            wins[winner] += 1
            engines[winner].post(f"/task/{report}/unclaim")
    print(f"{RACES} races: one winner in each, {wins}")
    assert min(wins.values()) > 0, "the same doctor won each time"


@pytest.mark.browser
def test_tasklist_shows_an_error_to_the_second_doctor(
    state: dict[str, Any], case: CaseUnderTest, new_page: Callable[..., Page]
) -> None:
    case.reach_report("negative")
    report = case.wait_for_task("doctor_report")
    first, second = (StaffMember(new_page(DESKTOP, javascript=True), state, doctor) for doctor in DOCTORS)
    for doctor in (first, second):
        doctor.sign_in()
        doctor.choose_filter("Unclaimed reports by priority")
        doctor.open(report)
        expect(doctor.page.locator("button.claim")).to_be_visible()
    first.page.locator("button.claim").click()
    expect(first.page.locator("button.claim")).to_have_count(0)
    second.page.locator("button.claim").click()
    expect(second.page.get_by_text(ALREADY_CLAIMED)).to_be_visible()


class EngineWithRacingDoctor(Engine):
    """The workers' engine; a doctor claims or unclaims just before each call that changes something."""

    doctor: Callable[[], None]

    def _call(self, method: str, path: str, **options: Any) -> Any:
        if method != "GET" and path != "/task":
            self.doctor()
        return super()._call(method, path, **options)


def test_an_escalation_and_a_new_priority_do_not_change_the_assignee(
    state: dict[str, Any], case: CaseUnderTest, records: None
) -> None:
    case.reach_report("negative")
    report, doctor = case.wait_for_task("doctor_report").id, case.engine_as("doctor")
    before = case.admin.get(f"/task/{report}")
    workers = EngineWithRacingDoctor(state["engine"], "workers", read_secrets()["workers"])

    workers.doctor = lambda: doctor.post(f"/task/{report}/claim", {"userId": "doctor"})
    escalate(case.reference, f"{case.reference}/escalate/1", roster=Roster(), engine=workers, outbox=Outbox())
    raised = case.admin.get(f"/task/{report}")
    updated = {"lastUpdated": ANY, "taskState": "Updated"}
    assert raised == {**before, "assignee": "doctor", "priority": before["priority"] + 100, **updated}

    # unclaimed just before the priority is raised; a higher priority isn't lowered
    workers.doctor = lambda: doctor.post(f"/task/{report}/unclaim")
    raise_priority(case.reference, 90, engine=workers, lab=Mock())
    assert case.admin.get(f"/task/{report}") == {**raised, "assignee": None, **updated}


def test_concurrent_claims_and_priorities_all_take_effect(state: dict[str, Any], case: CaseUnderTest) -> None:
    case.reach_report("negative")
    report, doctor = case.wait_for_task("doctor_report").id, case.engine_as("doctor")
    workers = Engine(state["engine"], "workers", read_secrets()["workers"])

    def raise_to(priority: int, barrier: Barrier) -> None:
        barrier.wait()
        workers.raise_task_priority(report, priority)

    with ThreadPoolExecutor(4) as pool:
        for race in range(RACES):
            highest, barrier = 200 + 3 * race, Barrier(4, timeout=60)
            raising = [pool.submit(raise_to, highest - lower, barrier) for lower in range(3)]
            claiming = pool.submit(claim, doctor, "doctor", report, barrier)
            assert [each.result() for each in (*raising, claiming)] == [None] * 4
            task = case.admin.get(f"/task/{report}")
            assert (task["assignee"], task["priority"]) == ("doctor", highest)
            doctor.post(f"/task/{report}/unclaim")
    print(f"{RACES} races of a claim and three priorities: all claims and the highest priority took effect")


def test_the_priority_of_an_unknown_task_and_an_invalid_priority_are_refused(case: CaseUnderTest) -> None:
    with pytest.raises(NotFound):
        case.admin.raise_task_priority("unknown", 10)
    for body in ({}, {"priority": "high"}, {"priority": 2**40}):
        with pytest.raises(EngineRefused) as refused:
            case.admin.post("/coronacare/task/unknown/raise-priority", body)
        assert refused.value.status == 400
