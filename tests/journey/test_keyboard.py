"""The keyboard alone is enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.people import Patient

pytestmark = pytest.mark.browser


def test_the_keyboard_is_enough(state: dict[str, Any], new_page: Callable[..., Page]) -> None:
    """From the start page to the second page of the pre-screening by Tab, space, arrows and Enter."""
    page = new_page()
    Patient(page, state).opens("/")

    def tab_to(selector: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.locator(f"{selector}:focus").count():
                return
        raise AssertionError(f"{selector} is not reached")

    page.keyboard.press("Tab")
    assert page.locator(".govuk-skip-link:focus").count()
    tab_to("a.govuk-button--start")
    page.keyboard.press("Enter")
    page.wait_for_url("**/forms/pre_screening/1")
    tab_to("input[name=for_whom]")
    page.keyboard.press("Space")
    for part, text in (("day", "9"), ("month", "12"), ("year", "1990")):
        tab_to(f"input[name=date_of_birth-{part}]")
        page.keyboard.type(text)
    tab_to("button[name=send]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/forms/pre_screening/2")
    # and an error leads to its field
    tab_to("button[name=send]")
    page.keyboard.press("Enter")
    tab_to(".govuk-error-summary a")
    page.keyboard.press("Enter")
    assert page.locator("input[name=weight_kg]:focus").count()
