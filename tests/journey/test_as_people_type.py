"""Days, digits and pasted text as people send them, over HTTP: refused in words on their page, or taken as meant."""

from __future__ import annotations

from typing import Any

import pytest

from camunda7.forms.browser import Browser, Page
from tests.support.case import REQUEST, WITH_COUGH, CaseUnderTest
from tests.support.codes import unknown_code
from tests.support.days import days_ago

IN_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
FUTURE = "must be today or in the past"


@pytest.fixture
def browser(state: dict[str, Any]) -> Browser:
    return Browser(state["webapp"])


def answered(browser: Browser, answers: dict[str, Any], heading: str) -> Page:
    """The page that comes after the one with this heading was sent."""
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
    page = answered(browser, {**WITH_COUGH, "date_of_birth": birth}, "Who has symptoms?")
    [said] = page.complaints
    assert said.startswith("Date of birth must be")
    assert said.endswith(complaint)


@pytest.mark.parametrize("day", [days_ago(-2), days_ago(200), "1989-01-01"])
def test_an_impossible_onset_is_refused_on_its_page(browser: Browser, day: str) -> None:
    page = browser.open("/forms/pre_screening")
    while page.heading != "Symptoms":
        page = browser.send(page, {**WITH_COUGH, "cough_since": day})
    page = browser.send(page, {**WITH_COUGH, "cough_since": day})
    page = browser.send(page, {**WITH_COUGH, "cough_since": day}) if not page.complaints else page
    [said] = page.complaints
    assert said.startswith("The day the cough started must be")


@pytest.mark.parametrize("birth", ["0001-01-01", "9999-12-31"])
def test_an_impossible_date_of_birth_at_sign_in(browser: Browser, birth: str) -> None:
    page = browser.send(browser.open("/sign-in"), {"access_code": unknown_code(), "date_of_birth": birth})
    assert (page.status, page.complaints[0][:21]) == (403, "Date of birth must be")


def test_arabic_digits_and_pasted_characters_all_the_way(browser: Browser, state: dict[str, Any]) -> None:
    answers = {
        **WITH_COUGH,
        "date_of_birth": "1990-05-10".translate(IN_ARABIC),
        "weight_kg": "٧٠٫٥",
        "height_cm": "\u200f١٧٥\u200f",
        "cough_since": days_ago(3).translate(IN_ARABIC),
    }
    reference = browser.fill_in("/forms/pre_screening", answers).text("main strong")
    case = CaseUnderTest(state)
    case.reference = reference
    case.waits_for("evaluation_request")
    known = {name: case.value(name) for name in ("date_of_birth", "weight_kg", "height_cm", "cough_since")}
    assert known == {
        "date_of_birth": "1990-05-10",
        "weight_kg": 70.5,
        "height_cm": 175,
        "cough_since": days_ago(3),
    }
    asked = {
        **REQUEST,
        "given_name": "\ufeffAda\u00a0M.",
        "channel": "sms",
        "phone": "＋٤٤ ٢٠ ٧٩٤٦\u2011٠٩٥٨",
        "address": "شارع ١٢\u200b",
    }
    page = browser.wait_for_form("/forms/evaluation_request", 30)
    while page.heading != "Check your answers":
        page = browser.send(page, asked)
        assert page.complaints == []
    code = browser.send(page, {}).text(".govuk-panel strong, .access-code, main .govuk-panel__body")
    case.waits_for("medical_form")
    stored = {name: case.value(name) for name in ("given_name", "phone", "address")}
    assert stored == {"given_name": "Ada M.", "phone": "+442079460958", "address": "شارع ١٢"}
    # and back with the code as it is pasted, and the birthday as it is typed
    pasted = f"\u200e{code.strip().replace('-', chr(0x2011))}\u00a0"
    signed_in = Browser(state["webapp"])
    birth = "1990-05-10".translate(IN_ARABIC)
    page = signed_in.send(signed_in.open("/sign-in"), {"access_code": pasted, "date_of_birth": birth})
    assert page.heading == "Your case"


@pytest.mark.parametrize("phone", ["0171 555", "----", "+44", "call me"])
def test_what_is_no_telephone_number(browser: Browser, phone: str) -> None:
    browser.fill_in("/forms/pre_screening", {**WITH_COUGH, "cough_since": days_ago(3)})
    page = browser.wait_for_form("/forms/evaluation_request", 30)
    while page.heading != "Your contact details":
        page = browser.send(page, REQUEST)
    asked = {**REQUEST, "channel": "sms", "phone": phone}
    page = browser.send(page, asked)
    page = browser.send(page, asked) if not page.complaints else page
    assert page.complaints == ["Enter a phone number with the country code, like +44 20 7946 0958"]


def test_whose_answers_cannot_be_assessed_reads_whom_to_call_at_once(state: dict[str, Any]) -> None:
    """As a decision that fails has it: the page says so, and doesn't reload itself."""
    browser = Browser(state["webapp"])
    page = browser.open("/forms/pre_screening")
    answers = {**WITH_COUGH, "cough_since": days_ago(3)}
    while page.heading != "Check your answers":
        page = browser.send(page, answers)
    page = browser.send(page, {})
    reference = page.text("main strong")
    case = CaseUnderTest(state)
    case.reference = reference
    case.waits_for("evaluation_request")
    # a case that fails, seen through the same browser: its evaluation is wanted, and its priority can't be worked out
    case.requests_evaluation()
    case.sends("medical_form", {"lives": None, "works_in": "other"})
    case.waits_for("set_priority_by_hand")
    page = browser.open("/case")
    assert "We couldn't assess your answers" in page.content.get_text()
    assert page.content.select('a[href="tel:+442079460000"]')
    assert not page.content.select('meta[http-equiv="refresh"]')
