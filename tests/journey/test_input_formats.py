"""Dates, digits and pasted text as people enter them, over HTTP: normalised, or refused with an error on the page."""

from __future__ import annotations

from typing import Any

import pytest

from camunda7.forms.browser import Browser, Page
from tests.support.case import CASE_TITLE, REQUEST, WITH_COUGH, CaseUnderTest
from tests.support.codes import unknown_code
from tests.support.days import days_ago

ARABIC_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
FUTURE = "must be today or in the past"


@pytest.fixture
def browser(state: dict[str, Any]) -> Browser:
    return Browser(state["webapp"])


def send_up_to(browser: Browser, answers: dict[str, Any], heading: str) -> Page:
    """Send the pages of the pre-screening up to the one with this heading; return the page that follows."""
    page = browser.open("/forms/pre_screening")
    while page.heading != heading:
        assert page.heading != "Check your answers"
        page = browser.send(page, answers)
    return browser.send(page, answers)


@pytest.mark.parametrize(
    ("birth", "complaint"),
    [("0001-01-01", "or later"), ("1890-03-27", "or later"), ("9999-12-31", FUTURE), (days_ago(-2), FUTURE)],
)
def test_an_impossible_date_of_birth_is_refused_on_its_page(browser: Browser, birth: str, complaint: str) -> None:
    page = send_up_to(browser, {**WITH_COUGH, "date_of_birth": birth}, "Who has symptoms?")
    [error] = page.errors
    assert error.startswith("Date of birth must be")
    assert error.endswith(complaint)


@pytest.mark.parametrize("day", [days_ago(-2), days_ago(200), "1989-01-01"])
def test_an_impossible_onset_is_refused_on_its_page(browser: Browser, day: str) -> None:
    page = browser.open("/forms/pre_screening")
    while page.heading != "Symptoms":
        page = browser.send(page, {**WITH_COUGH, "cough_since": day})
    page = browser.send(page, {**WITH_COUGH, "cough_since": day})
    page = browser.send(page, {**WITH_COUGH, "cough_since": day}) if not page.errors else page
    [error] = page.errors
    assert error.startswith("The day the cough started must be")


@pytest.mark.parametrize("birth", ["0001-01-01", "9999-12-31"])
def test_an_impossible_date_of_birth_is_refused_at_sign_in(browser: Browser, birth: str) -> None:
    page = browser.send(browser.open("/sign-in"), {"access_code": unknown_code(), "date_of_birth": birth})
    assert (page.status, page.errors[0][:21]) == (403, "Date of birth must be")


def test_arabic_digits_and_pasted_characters_are_normalised_before_they_are_stored(
    browser: Browser, state: dict[str, Any]
) -> None:
    answers = {
        **WITH_COUGH,
        "date_of_birth": "1990-05-10".translate(ARABIC_DIGITS),
        "weight_kg": "٧٠٫٥",
        "height_cm": "\u200f١٧٥\u200f",
        "cough_since": days_ago(3).translate(ARABIC_DIGITS),
    }
    reference = browser.fill_in("/forms/pre_screening", answers).text("main strong")
    case = CaseUnderTest(state)
    case.reference = reference
    case.wait_for_task("evaluation_request")
    known = {name: case.value(name) for name in ("date_of_birth", "weight_kg", "height_cm", "cough_since")}
    assert known == {
        "date_of_birth": "1990-05-10",
        "weight_kg": 70.5,
        "height_cm": 175,
        "cough_since": days_ago(3),
    }
    request = {
        **REQUEST,
        "given_name": "\ufeffAda\u00a0M.",
        "channel": "sms",
        "phone": "＋٤٤ ٢٠ ٧٩٤٦\u2011٠٩٥٨",
        "address": "شارع ١٢\u200b",
    }
    page = browser.wait_for_form("/forms/evaluation_request", 30)
    while page.heading != "Check your answers":
        page = browser.send(page, request)
        assert page.errors == []
    code = browser.send(page, {}).text(".govuk-panel strong, .access-code, main .govuk-panel__body")
    case.wait_for_task("medical_form")
    stored = {name: case.value(name) for name in ("given_name", "phone", "address")}
    assert stored == {"given_name": "Ada M.", "phone": "+442079460958", "address": "شارع ١٢"}
    # and the patient signs in with a pasted code, and a date of birth in Arabic digits
    pasted = f"\u200e{code.strip().replace('-', chr(0x2011))}\u00a0"
    other = Browser(state["webapp"])
    birth = "1990-05-10".translate(ARABIC_DIGITS)
    page = other.send(other.open("/sign-in"), {"access_code": pasted, "date_of_birth": birth})
    assert page.text("title") == CASE_TITLE


@pytest.mark.parametrize("phone", ["0171 555", "----", "+44", "call me"])
def test_a_text_that_is_no_telephone_number_is_refused(browser: Browser, phone: str) -> None:
    browser.fill_in("/forms/pre_screening", {**WITH_COUGH, "cough_since": days_ago(3)})
    page = browser.wait_for_form("/forms/evaluation_request", 30)
    while page.heading != "Your contact details":
        page = browser.send(page, REQUEST)
    request = {**REQUEST, "channel": "sms", "phone": phone}
    page = browser.send(page, request)
    page = browser.send(page, request) if not page.errors else page
    assert page.errors == ["Enter a phone number with the country code, like +44 20 7946 0958"]


def test_a_patient_whose_answers_cannot_be_assessed_reads_whom_to_call(state: dict[str, Any]) -> None:
    """After a decision has failed, the page states it, and doesn't reload itself."""
    browser = Browser(state["webapp"])
    page = browser.open("/forms/pre_screening")
    answers = {**WITH_COUGH, "cough_since": days_ago(3)}
    while page.heading != "Check your answers":
        page = browser.send(page, answers)
    page = browser.send(page, {})
    reference = page.text("main strong")
    case = CaseUnderTest(state)
    case.reference = reference
    case.wait_for_task("evaluation_request")
    # the priority can't be computed from an answer that is missing
    case.request_evaluation()
    case.submit_form("medical_form", {"lives": None, "works_in": "other"})
    case.wait_for_task("set_priority_by_hand")
    page = browser.open("/case")
    assert "We couldn't assess your answers" in page.content.get_text()
    assert page.content.select('a[href="tel:+442079460000"]')
    assert not page.content.select('meta[http-equiv="refresh"]')
