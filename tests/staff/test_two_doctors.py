"""Two doctors want the same report at the same moment: one has it, and the other is told so."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from processes.engine import Engine, EngineRefused
from tests.support.case import CaseUnderTest
from tests.support.chromium import DESKTOP
from tests.support.people import StaffMember
from tests.support.tier import rounds

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
