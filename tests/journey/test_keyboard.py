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

MOST_STOPS = 80
PARTS = ("year", "month", "day")


class AtTheKeyboard(Patient):
    """A patient without a mouse."""

    def tabs_to(self, selector: str) -> None:
        for _ in range(MOST_STOPS):
            if self.page.locator(f"{selector}:focus").count():
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{selector} is not reached")

    def enters(self, selector: str) -> None:
        """Go to a link or button and press it."""
        self.tabs_to(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def continues(self) -> None:
        self.enters("main form button[name=send]")

    def answers(self, answers: Answers) -> None:
        for name, value in answers.items():
            if self.page.locator(f'[name="{name}-day"]').count():
                for part, text in reversed(list(zip(PARTS, value.split("-"), strict=True))):
                    self.types(f'[name="{name}-{part}"]', text)
            elif self.page.locator(f'[name="{name}"][type=radio]').count():
                self.chooses(name, value)
            elif value is True:
                self.ticks(f'[name="{name}"][type=checkbox]')
            elif value is not False and self.page.locator(f'input[name="{name}"], textarea[name="{name}"]').count():
                self.types(f'[name="{name}"]', str(value))

    def types(self, selector: str, text: str) -> None:
        self.tabs_to(selector)
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.type(text)

    def ticks(self, selector: str) -> None:
        self.tabs_to(selector)
        if not self.page.locator(selector).is_checked():
            self.page.keyboard.press("Space")

    def chooses(self, name: str, value: str) -> None:
        """Go to the radios, and down until the right one is chosen."""
        self.tabs_to(f'[name="{name}"][type=radio]')
        self.page.keyboard.press("Space")
        options = self.page.locator(f'[name="{name}"][type=radio]').count()
        for _ in range(options):
            if self.page.locator(f'[name="{name}"][value="{value}"]:checked').count():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{name}: {value} can't be chosen")


def test_the_keyboard_is_enough(state: dict[str, Any], new_page: Callable[..., Page]) -> None:
    patient = AtTheKeyboard(new_page(), state)
    page = patient.page
    patient.opens("/")
    page.keyboard.press("Tab")
    assert page.locator(".govuk-skip-link:focus").count()
    patient.enters("a.govuk-button--start")

    # no emergency sign
    patient.continues()
    # an error leads to its field
    patient.continues()
    patient.tabs_to(".govuk-error-summary a")
    page.keyboard.press("Enter")
    assert page.locator("input[name=for_whom]:focus").count()

    # every question of two forms; the cough calls for another on the same page
    patient.goes_through({**WITH_COUGH, "cough_since": days_ago(8)})
    assert urlsplit(page.url).path == "/case"
    patient.waits_for_link("Request a home visit and a test")
    patient.enters('main a[href="/forms/evaluation_request"]')
    patient.goes_through(REQUEST)
    assert page.locator(".access-code").inner_text()

    # and another language
    patient.enters('main a[href="/case"]')
    patient.enters("form.languages button[value=ar]")
    eventually(lambda: page.locator("html").get_attribute("lang") == "ar")
