"""Two doctors want the same report at the same moment: one has it, and the other is told so."""

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
from tests.support.platform import secrets_of_run
from tests.support.tier import rounds
from workers.doctor import escalate, raise_priority

pytestmark = pytest.mark.engine

RACES = rounds(test=15, verify=100)
DOCTORS = ("doctor", "doctor2")
TAKEN = "is already claimed by someone else"


def claims(engine: Engine, doctor: str, task: str, at_once: Barrier) -> str | None:
    """Claim a task; returns what a doctor is told who doesn't get it."""
    at_once.wait()
    try:
        engine.post(f"/task/{task}/claim", {"userId": doctor})
    except EngineRefused as refused:
        return refused.message
    return None


def test_of_two_who_claim_at_once_one_has_it(case: CaseUnderTest) -> None:
    case.is_told("negative")
    report = case.waits_for("doctor_report").id
    engines = {doctor: case.account(doctor) for doctor in DOCTORS}
    won = dict.fromkeys(DOCTORS, 0)
    with ThreadPoolExecutor(2) as pool:
        for race in range(RACES):
            # neither is always a hair ahead
            doctors = DOCTORS[:: 1 if race % 2 else -1]
            at_once = Barrier(2, timeout=60)
            claiming = [pool.submit(claims, engines[doctor], doctor, report, at_once) for doctor in doctors]
            told = dict(zip(doctors, [one.result() for one in claiming], strict=True))
            [winner] = [doctor for doctor, message in told.items() if message is None]
            [message] = [message for message in told.values() if message is not None]
            assert TAKEN in message
            assert case.admin.get(f"/task/{report}")["assignee"] == winner
            won[winner] += 1
            engines[winner].post(f"/task/{report}/unclaim")
    print(f"{RACES} races: one winner in each, {won}")
    assert min(won.values()) > 0, "never was it a race"


@pytest.mark.browser
def test_whoever_comes_second_is_told_in_tasklist(
    state: dict[str, Any], case: CaseUnderTest, new_page: Callable[..., Page]
) -> None:
    case.is_told("negative")
    report = case.waits_for("doctor_report")
    first, second = (StaffMember(new_page(DESKTOP, javascript=True), state, doctor) for doctor in DOCTORS)
    for doctor in (first, second):
        doctor.signs_in()
        doctor.chooses("Unclaimed reports by priority")
        doctor.opens(report)
        expect(doctor.page.locator("button.claim")).to_be_visible()
    first.page.locator("button.claim").click()
    expect(first.page.locator("button.claim")).to_have_count(0)
    second.page.locator("button.claim").click()
    expect(second.page.get_by_text(TAKEN)).to_be_visible()


class ClaimBetween(Engine):
    """The workers' engine; just before each call that changes something, when all has been read, a doctor is faster."""

    doctor: Callable[[], None]

    def _call(self, method: str, path: str, **options: Any) -> Any:
        if method != "GET" and path != "/task":
            self.doctor()
        return super()._call(method, path, **options)


def test_an_escalation_and_a_new_priority_leave_a_claim_as_it_is(
    state: dict[str, Any], case: CaseUnderTest, records: None
) -> None:
    case.is_told("negative")
    report, doctor = case.waits_for("doctor_report").id, case.account("doctor")
    before = case.admin.get(f"/task/{report}")
    workers = ClaimBetween(state["engine"], "workers", secrets_of_run()["workers"])

    workers.doctor = lambda: doctor.post(f"/task/{report}/claim", {"userId": "doctor"})
    escalate(case.reference, f"{case.reference}/escalate/1", roster=Roster(), engine=workers, outbox=Outbox())
    raised = case.admin.get(f"/task/{report}")
    noted = {"lastUpdated": ANY, "taskState": "Updated"}
    assert raised == {**before, "assignee": "doctor", "priority": before["priority"] + 100, **noted}

    # the other way round; what is higher stays so
    workers.doctor = lambda: doctor.post(f"/task/{report}/unclaim")
    raise_priority(case.reference, 90, engine=workers, lab=Mock())
    assert case.admin.get(f"/task/{report}") == {**raised, "assignee": None, **noted}


def test_claims_and_priorities_at_once_lose_neither(state: dict[str, Any], case: CaseUnderTest) -> None:
    case.is_told("negative")
    report, doctor = case.waits_for("doctor_report").id, case.account("doctor")
    workers = Engine(state["engine"], "workers", secrets_of_run()["workers"])

    def raise_to(priority: int, at_once: Barrier) -> None:
        at_once.wait()
        workers.raise_task_priority(report, priority)

    with ThreadPoolExecutor(4) as pool:
        for race in range(RACES):
            highest, at_once = 200 + 3 * race, Barrier(4, timeout=60)
            raising = [pool.submit(raise_to, highest - lower, at_once) for lower in range(3)]
            claiming = pool.submit(claims, doctor, "doctor", report, at_once)
            assert [each.result() for each in (*raising, claiming)] == [None] * 4
            task = case.admin.get(f"/task/{report}")
            assert (task["assignee"], task["priority"]) == ("doctor", highest)
            doctor.post(f"/task/{report}/unclaim")
    print(f"{RACES} races of a claim and three priorities: each claim stayed, and each highest priority")


def test_the_priority_of_a_task_that_is_gone_or_of_nothing_is_refused(case: CaseUnderTest) -> None:
    with pytest.raises(NotFound):
        case.admin.raise_task_priority("gone", 10)
    for body in ({}, {"priority": "high"}, {"priority": 2**40}):
        with pytest.raises(EngineRefused) as refused:
            case.admin.post("/coronacare/task/gone/raise-priority", body)
        assert refused.value.status == 400
