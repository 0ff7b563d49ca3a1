"""A patient's page on paper: what an employer or a doctor needs, without the website around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.case import CASE_TITLE, WITH_COUGH
from tests.support.chromium import DESKTOP
from tests.support.days import days_ago
from tests.support.people import Patient

pytestmark = pytest.mark.browser


def test_a_printed_case_has_the_date_of_birth_and_no_controls(
    state: dict[str, Any], new_page: Callable[..., Page]
) -> None:
    patient = Patient(new_page(DESKTOP), state)
    page = patient.page
    patient.open("/forms/pre_screening")
    patient.submit_pages({**WITH_COUGH, "cough_since": days_ago(8)})
    expect(page).to_have_title(CASE_TITLE)
    born = page.get_by_text("10 May 1990")
    control = page.locator("header, .languages, main .govuk-button, footer button")
    hint = page.get_by_text("tell you straight away what to do")
    expect(born).to_be_hidden()
    expect(hint).to_be_visible()
    assert control.filter(visible=True).count() > 4

    page.emulate_media(media="print")
    expect(born).to_be_visible()
    expect(page.get_by_text("Printed on")).to_be_visible()
    assert control.filter(visible=True).count() == 0
    # nor what belongs to one, and the sheet is used in its full width
    expect(hint).to_be_hidden()
    widths = "ids => ids.map(id => document.querySelector(id).clientWidth)"
    column, row = page.evaluate(widths, [".govuk-grid-column-two-thirds", ".govuk-grid-row"])
    assert column == row
    addresses = "links => links.map(link => getComputedStyle(link, '::after').content)"
    assert set(page.locator("main a").evaluate_all(addresses)) == {"none"}
