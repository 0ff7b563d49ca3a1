"""Navigation to the pages of a demo, for their pictures."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from playwright.sync_api import Browser, Page

from processes.cases import OpenTask, open_tasks
from processes.engine import Engine
from tests.support.chromium import DESKTOP, PHONE
from tests.support.people import Patient, StaffMember

TASK_TIMEOUT_S = 60


class Guide:
    """Opens pages of the demo as its patients and staff.

    Args:
        state: content of the demo's state.json.
    """

    def __init__(self, browser: Browser, state: Mapping[str, Any]):
        self._browser = browser
        self.state = state
        self._stops = {stop["patient"]: stop for stop in state["tour"]}
        self.closed = next(stop["patient"] for stop in state["tour"] if stop["what"].startswith("closed"))
        self._engine = Engine(state["engine"], **state["accounts"]["admin"])
        self.staff = cache(self._sign_in_staff)
        self.newcomer = cache(lambda: Patient(self._page(PHONE), state))

    def patient(self, name: str, viewport: dict[str, int] = PHONE, locale: str = "en-GB") -> Patient:
        """Sign in as a patient of the tour, and open the page of the case."""
        stop, patient = self._stops[name], Patient(self._page(viewport, locale=locale), self.state)
        patient.opens("/sign-in")
        patient.answers({"access_code": stop["access_code"], "date_of_birth": stop["date_of_birth"]})
        with patient.page.expect_navigation():
            patient.page.locator("main form button").first.click()
        patient.opens("/case")
        return patient

    def task(self, name: str, form: str) -> OpenTask:
        """Wait for the task with this form in a patient's case, and return it."""
        deadline = time.monotonic() + TASK_TIMEOUT_S
        while time.monotonic() < deadline:
            for task in open_tasks(self._engine, self._stops[name]["case_reference"]):
                if task.form == form:
                    return task
            time.sleep(0.5)
        raise TimeoutError(f"{name}: {form} is not due within {TASK_TIMEOUT_S} s")

    def _sign_in_staff(self, account: str, application: str = "tasklist", on_phone: bool = False) -> StaffMember:
        member = StaffMember(self._page(PHONE if on_phone else DESKTOP, javascript=True), self.state, account)
        member.signs_in_at_the_page(application)
        return member

    def _page(self, viewport: dict[str, int], javascript: bool = False, locale: str = "en-US") -> Page:
        context = self._browser.new_context(viewport=viewport, java_script_enabled=javascript, locale=locale)
        page = context.new_page()
        page.set_default_timeout(30_000)
        return page
