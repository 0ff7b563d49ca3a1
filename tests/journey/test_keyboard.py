"""The keyboard alone is enough: from the start page to the access code by Tab, Space, arrows, letters and Enter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.support.case import REQUEST, WITH_COUGH, eventually
from tests.support.days import days_ago
from tests.support.people import Answers, Patient

pytestmark = pytest.mark.browser

MAX_TAB_STOPS = 80
PARTS = ("year", "month", "day")


class KeyboardPatient(Patient):
    """A patient without a mouse."""

    def tab_to(self, selector: str) -> None:
        for _ in range(MAX_TAB_STOPS):
            if self.page.locator(f"{selector}:focus").count():
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{selector} is not reached")

    def activate(self, selector: str) -> None:
        """Go to a link or button and press it."""
        self.tab_to(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def submit_page(self) -> None:
        self.activate("main form button[name=send]")

    def fill_in(self, answers: Answers) -> None:
        for name, value in answers.items():
            if self.page.locator(f'[name="{name}-day"]').count():
                if self.page.locator(f'[name="{name}-choice"]').count():
                    self.choose_radio(f"{name}-choice", "another")
                for part, text in reversed(list(zip(PARTS, value.split("-"), strict=True))):
                    self.type_into(f'[name="{name}-{part}"]', text)
            elif self.page.locator(f'[name="{name}"][type=radio]').count():
                self.choose_radio(name, value)
            elif value is True:
                self.tick(f'[name="{name}"][type=checkbox]')
            elif value is not False and self.page.locator(f'input[name="{name}"], textarea[name="{name}"]').count():
                self.type_into(f'[name="{name}"]', str(value))

    def type_into(self, selector: str, text: str) -> None:
        self.tab_to(selector)
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.type(text)

    def tick(self, selector: str) -> None:
        self.tab_to(selector)
        if not self.page.locator(selector).is_checked():
            self.page.keyboard.press("Space")

    def choose_radio(self, name: str, value: str) -> None:
        """Go to the radios, and down until the right one is chosen."""
        self.tab_to(f'[name="{name}"][type=radio]')
        self.page.keyboard.press("Space")
        options = self.page.locator(f'[name="{name}"][type=radio]').count()
        for _ in range(options):
            if self.page.locator(f'[name="{name}"][value="{value}"]:checked').count():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{name}: {value} can't be chosen")


def test_the_keyboard_is_enough(state: dict[str, Any], new_page: Callable[..., Page]) -> None:
    patient = KeyboardPatient(new_page(), state)
    page = patient.page
    patient.open("/")
    page.keyboard.press("Tab")
    assert page.locator(".govuk-skip-link:focus").count()
    patient.activate("a.govuk-button--start")

    # no emergency sign
    patient.fill_in_page({})
    patient.submit_page()
    # an error leads to its field
    patient.submit_page()
    patient.tab_to(".govuk-error-summary a")
    page.keyboard.press("Enter")
    assert page.locator("input[name=for_whom]:focus").count()

    # every question of two forms; the cough calls for another on the same page
    patient.submit_pages({**WITH_COUGH, "cough_since": days_ago(8)})
    assert urlsplit(page.url).path == "/case"
    patient.wait_for_link("Request a home visit and a test")
    patient.activate('main a[href="/forms/evaluation_request"]')
    patient.submit_pages(REQUEST)
    assert page.locator(".access-code").inner_text()

    # and another language
    patient.activate('main a[href="/case"]')
    patient.activate("form.languages button[value=ar]")
    eventually(lambda: page.locator("html").get_attribute("lang") == "ar")
