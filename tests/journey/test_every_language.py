"""The patient's pages in each language, 320 px wide and without JavaScript, from the start to the end of a case: empty,
in error and filled. None has a fault that axe finds (WCAG 2.0 to 2.2, A and AA, `target-size` too), none is wider than
the screen, and on none is a text left in English.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support.case import MEDICAL, REQUEST, WITH_COUGH, CaseUnderTest, eventually
from tests.support.chromium import NARROW
from tests.support.days import days_ago
from tests.support.inspection import Inspector, faults, is_foreign
from tests.support.mail import link_in, mails_to
from tests.support.people import Patient
from workers.messages import TEXTS

pytestmark = pytest.mark.browser

MOST_PAGES = 20
SYMPTOMS = {**WITH_COUGH, "cough_since": days_ago(8)}
CONTACT = {"name": "Howard Aiken", "relation": "work_or_study", "last_exposure_date": days_ago(9), "exposure": "close"}


@pytest.fixture
def inspector(chromium: Browser) -> Iterator[Inspector]:
    context = chromium.new_context(viewport=NARROW)
    yield Inspector(context.new_page())
    context.close()


@dataclass
class Reader:
    """A patient who reads one language, and everything of whose pages is looked at."""

    patient: Patient
    inspector: Inspector
    language: str
    address: str = field(default_factory=lambda: f"{uuid.uuid4().hex}@patients.example")

    def looks(self, state: str = "") -> None:
        assert self.patient.page.locator("html").get_attribute("lang") == self.language
        self.inspector.looks_at(self.patient.page, state)

    def opens(self, *paths: str) -> None:
        for path in paths:
            self.patient.opens(path)
            self.looks()

    def sends_nothing(self, *paths: str) -> None:
        for path in paths:
            self.patient.opens(path)
            with self.patient.page.expect_navigation():
                self.patient.page.locator("main form button").first.click()
            self.looks("in error")

    def fills_in(self, form: str, answers: dict[str, Any], may_be_empty: bool = False) -> None:
        """Each of a form's pages empty, in error unless it may be empty, and filled; then it is sent."""
        self.patient.opens(f"/forms/{form}")
        page = self.patient.page
        for _ in range(MOST_PAGES):
            self.looks("empty")
            if not page.url.endswith("/check"):
                before = page.url
                if not may_be_empty:
                    self.patient.continues()
                    self.looks("in error")
                    page.goto(before)
                asked = {name: value for name, value in answers.items() if value is not False}
                self.patient.answers({name: value for name, value in asked.items() if self.patient.is_asked(name)})
                self.looks("filled")
            self.patient.continues()
            assert not page.locator(".govuk-error-summary").count(), self.patient.text
            if not self.patient.asks_something():
                return self.looks("sent")
        raise AssertionError(f"{form} asks on and on: {self.patient.text}")


# Arabic also runs from right to left; the journeys of other tests are in English
@pytest.mark.parametrize("language", ["ar", *(pytest.param(each, marks=pytest.mark.verify) for each in ("en", "fr"))])
def test_every_page_of_a_case(
    language: str, state: dict[str, Any], new_page: Callable[..., Page], inspector: Inspector
) -> None:
    # the browser asks for French; Arabic is chosen on the page
    patient = Patient(new_page(NARROW, locale="fr-CA" if language == "fr" else "en-US"), state, language)
    reader = Reader(patient, inspector, language)
    patient.opens("/")
    if language == "ar":
        with patient.page.expect_navigation():
            patient.page.get_by_role("button", name="العربية").click()

    # before there is a case
    reader.opens("/", "/sign-in", "/lost-code", "/link/unknown", "/nothing", "/contact/unknown")
    reader.opens("/forms/symptoms_worsened", "/forms/review")
    reader.sends_nothing("/sign-in", "/link/unknown", "/lost-code")

    # the case begins, and speaks the language
    reader.fills_in("pre_screening", SYMPTOMS)
    patient.waits_for_link("Request a home visit and a test")
    reader.looks()
    case = CaseUnderTest(state)
    case.reference = patient.page.locator("main strong.reference").inner_text()
    assert case.value("language") == language
    reader.fills_in("evaluation_request", {**REQUEST, "email": reader.address, "language": language})
    reader.opens("/case/access-code", "/case/seen-by", "/case/withdraw", "/case/erase", "/forms/review")
    reader.fills_in("symptoms_worsened", {"temperature": "no_fever"}, may_be_empty=True)
    patient.waits_for_link("Medical form")
    reader.fills_in("medical_form", MEDICAL)

    # the result, and the contacts
    case.is_visited("positive")
    patient.waits_for_link("Your close contacts")
    reader.looks("with the result")
    contact = {**CONTACT, "email": f"{uuid.uuid4().hex}@contacts.example"}
    rows = {f"close_contacts-0-{name}": value for name, value in contact.items()}
    reader.fills_in("close_contacts", {"had_contacts": "yes", **rows})
    news = eventually(lambda: mails_to(state, reader.address))
    subjects = {found[language][0] for found in TEXTS.values() if language in found}
    assert [message for message in news if not any(subject in message for subject in subjects)] == []
    [told] = eventually(lambda: mails_to(state, contact["email"]))
    patient.page.goto(link_in(told, "/contact/"))
    reader.looks()

    # the report, and a corrected result
    case.is_reported(case_classification="confirmed", isolation_until=days_ago(-2), further_action="refer_to_hospital")
    patient.waits_for_link("Your feedback")
    reader.looks("with the report")
    case.lab_corrects("negative")
    eventually(lambda: case.value("lab_result") == "negative")
    eventually(lambda: len(mails_to(state, contact["email"])) == 2)
    reader.opens("/case")
    patient.page.goto(link_in(told, "/contact/"))
    reader.looks("released")

    # the end
    case.is_reported(case_classification="not_a_case")
    patient.waits_for_link("Your feedback")
    reader.fills_in("review", {"rating": "5"}, may_be_empty=True)
    case.ends()
    reader.opens("/case", "/forms/symptoms_worsened", "/forms/medical_form")
    patient.page.goto(link_in(news[0], "/link/"))
    reader.looks()

    assert len(inspector.seen) > 60
    assert inspector.faults == {}


def test_a_planted_fault_is_found(state: dict[str, Any], chromium: Browser) -> None:
    context = chromium.new_context(viewport=NARROW, bypass_csp=True, locale="ar")
    page = context.new_page()
    Patient(page, state).opens("/sign-in")
    assert faults(page) == []
    page.evaluate(
        """() => {
            document.querySelector('label[for=access_code]').remove();
            document.querySelector('main').style.width = '400px';
            const small = '<button style="width:9px;height:9px;padding:0">أ</button>';
            document.querySelector('main').insertAdjacentHTML('beforeend', small + small + '<p>Your case</p>');
        }"""
    )
    found = {fault.split(":")[0] for fault in faults(page)}
    context.close()
    assert found == {"label", "target-size", "too wide", "not translated"}
    assert is_foreign(
        "Stay in quarantine until 1 mai 2020. "
        "As far as we know, that is 14 jours after you were last close to this person.",
        "fr",
    )
    assert not is_foreign("Symptômes", "fr")
