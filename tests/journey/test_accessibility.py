"""WCAG 2.2 A and AA by axe, `target-size` too, on each page, empty, in error and filled; nothing to scroll sideways at
320 px; and the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from config.settings import ROOT
from tests.support.case import MEDICAL, REQUEST, WITH_COUGH
from tests.support.chromium import NARROW
from tests.support.people import Patient

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules/axe-core/axe.min.js"
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "rules": {"target-size": {"enabled": True}},
}
FILLED = {**WITH_COUGH, "cough_since": "2020-03-20"}


@pytest.fixture
def narrow(chromium: Browser) -> Iterator[Page]:
    """A page of 320 px. The scripts that axe needs are ours, not the page's."""
    context = chromium.new_context(viewport=NARROW, bypass_csp=True)
    page = context.new_page()
    yield page
    context.close()


def faults(page: Page) -> list[str]:
    """What axe finds, and what is wider than the page."""
    page.add_script_tag(path=AXE)
    found = page.evaluate("rules => axe.run(document, rules)", RULES)
    here = [f"{item['id']}: {item['nodes'][0]['html'][:200]}" for item in found["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        here.append("wider than 320 px")
    return here


def audit(page: Page, seen: dict[str, list[str]], state: str = "") -> None:
    seen[f"{page.url.partition('/')[2]} {page.locator('h1').inner_text()} {state}"] = faults(page)


def go_through(patient: Patient, answers: dict[str, Any], seen: dict[str, list[str]]) -> None:
    """A form's pages: empty, in error, filled; then sent."""
    page = patient.page
    while page.locator("main form button[name=send]").count():
        audit(page, seen, "empty")
        if page.locator("h1").inner_text() != "Check your answers":
            before = page.url
            page.locator("main form button[name=send]").click()
            if page.url == before:
                audit(page, seen, "in error")
            page.goto(before)
            patient.answers(
                {name: value for name, value in answers.items() if value is not False and patient.is_asked(name)}
            )
            audit(page, seen, "filled")
        page.locator("main form button[name=send]").click()


def test_no_page_has_a_fault_that_axe_finds(state: dict[str, Any], narrow: Page) -> None:
    patient, seen = Patient(narrow, state), {}
    for path in ("/", "/sign-in", "/lost-code", "/link/unknown", "/nothing", "/staff/sign-in", "/contact/unknown"):
        patient.opens(path)
        audit(narrow, seen)
    for path in ("/sign-in", "/link/unknown"):
        patient.opens(path)
        narrow.locator("main form button").first.click()
        audit(narrow, seen, "in error")
    patient.opens("/forms/pre_screening")
    go_through(patient, FILLED, seen)
    patient.waits_for_link("Request an evaluation")
    audit(narrow, seen)
    patient.opens("/forms/evaluation_request")
    go_through(patient, REQUEST, seen)
    audit(narrow, seen, "access code")
    for path in ("/case/withdraw", "/case/access-code", "/forms/review", "/forms/symptoms_worsened"):
        patient.opens(path)
        audit(narrow, seen)
    patient.waits_for_link("Medical form")
    patient.opens("/forms/medical_form")
    go_through(patient, MEDICAL, seen)
    audit(narrow, seen)
    assert len(seen) > 50
    assert {where: found for where, found in seen.items() if found} == {}


def test_axe_finds_a_planted_fault(state: dict[str, Any], narrow: Page) -> None:
    Patient(narrow, state).opens("/sign-in")
    narrow.evaluate(
        """() => {
            document.querySelector('label[for=access_code]').remove();
            document.querySelector('main').style.width = '400px';
            const small = '<button style="width:9px;height:9px;padding:0">a</button>';
            document.querySelector('main').insertAdjacentHTML('beforeend', small + small);
        }"""
    )
    found = faults(narrow)
    assert {fault.split(":")[0] for fault in found} == {"label", "target-size", "wider than 320 px"}


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
