"""The patient's pages in each language, 320 px wide and without JavaScript, from the start to the end of a case: empty,
with errors and, in `make verify`, filled in. axe finds no violation (WCAG 2.0 to 2.2, A and AA, and `target-size`), no
page is wider than the screen, and every text is translated.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from processes.cases import set_language
from records.access import Access
from tests.support.case import GREEN_DAY, MEDICAL, REQUEST, WITH_COUGH, CaseUnderTest, eventually
from tests.support.chromium import NARROW
from tests.support.days import days_ago
from tests.support.inspection import Inspector, find_violations, is_untranslated
from tests.support.mail import find_link, mails_to
from tests.support.people import Patient
from tests.support.tier import rounds
from workers.messages import TEXTS

pytestmark = pytest.mark.browser

MAX_PAGES = 20
WITH_FILLED_IN = bool(rounds(test=0, verify=1))
MIN_INSPECTED = rounds(test=45, verify=60)
SYMPTOMS = {**WITH_COUGH, "cough_since": days_ago(8)}
REQUEST_BORN = SYMPTOMS["date_of_birth"]
CONTACT = {"name": "Howard Aiken", "relation": "work_or_study", "last_exposure_date": days_ago(9), "exposure": "close"}


@pytest.fixture
def inspector(chromium: Browser) -> Iterator[Inspector]:
    context = chromium.new_context(viewport=NARROW)
    yield Inspector(context.new_page())
    context.close()


@dataclass
class InspectedPatient:
    """A patient with one language, each of whose pages is inspected."""

    patient: Patient
    inspector: Inspector
    language: str
    address: str = field(default_factory=lambda: f"{uuid.uuid4().hex}@patients.example")

    def inspect(self, state: str = "") -> None:
        assert self.patient.page.locator("html").get_attribute("lang") == self.language
        self.inspector.inspect(self.patient.page, state)

    def open(self, *paths: str) -> None:
        for path in paths:
            self.patient.open(path)
            self.inspect()

    def submit_empty(self, *paths: str) -> None:
        for path in paths:
            self.patient.open(path)
            with self.patient.page.expect_navigation():
                self.patient.page.locator("main form button").first.click()
            self.inspect("with errors")

    def complete_form(self, form: str, answers: dict[str, Any], may_be_empty: bool = False) -> None:
        """Inspect each page of a form empty, with errors (unless it may be empty) and filled in; submit the form."""
        self.patient.open(f"/forms/{form}")
        page = self.patient.page
        for _ in range(MAX_PAGES):
            self.inspect("empty")
            if not page.url.endswith("/check"):
                before = page.url
                if not may_be_empty:
                    self.patient.submit_page()
                    self.inspect("with errors")
                    page.goto(before)
                self.patient.fill_in_page({name: value for name, value in answers.items() if value is not False})
                if WITH_FILLED_IN:
                    self.inspect("filled in")
            self.patient.submit_page()
            assert not page.locator(".govuk-error-summary").count(), self.patient.text
            if not self.patient.has_questions():
                return self.inspect("submitted")
        raise AssertionError(f"{form} has more than {MAX_PAGES} pages: {self.patient.text}")


# Arabic in `make test`, because it is also written from right to left; the other tests use English
@pytest.mark.parametrize("language", ["ar", *(pytest.param(each, marks=pytest.mark.verify) for each in ("en", "fr"))])
def test_every_page_of_a_case(
    language: str, state: dict[str, Any], new_page: Callable[..., Page], inspector: Inspector
) -> None:
    # French comes from the browser's Accept-Language, Arabic is chosen on the page
    patient = Patient(new_page(NARROW, locale="fr-CA" if language == "fr" else "en-US"), state, language)
    reader = InspectedPatient(patient, inspector, language)
    patient.open("/")
    if language == "ar":
        with patient.page.expect_navigation():
            patient.page.get_by_role("button", name="العربية").click()

    # before there is a case
    reader.open("/", "/sign-in", "/lost-code", "/link/unknown", "/nothing", "/contact/unknown")
    reader.open("/forms/symptoms_worsened", "/forms/review")
    reader.submit_empty("/sign-in", "/link/unknown", "/lost-code")

    # the case starts with the language of the pages
    reader.complete_form("pre_screening", SYMPTOMS)
    patient.wait_for_link("Request a home visit and a test")
    reader.inspect()
    case = CaseUnderTest(state)
    case.reference = patient.page.locator("main strong.reference").inner_text()
    assert case.value("language") == language
    reader.complete_form("evaluation_request", {**REQUEST, "email": reader.address, "language": language})
    reader.open("/case/access-code", "/case/seen-by", "/case/withdraw", "/case/erase", "/forms/review")
    reader.complete_form("symptoms_worsened", {"temperature": "no_fever"}, may_be_empty=True)
    patient.wait_for_link("Medical form")
    reader.complete_form("medical_form", MEDICAL)

    # the result, and the contacts
    case.record_visit("positive")
    patient.wait_for_link("List your close contacts")
    reader.inspect("with the result")
    contact = {**CONTACT, "email": f"{uuid.uuid4().hex}@contacts.example"}
    rows = {f"close_contacts-0-{name}": value for name, value in contact.items()}
    reader.complete_form("close_contacts", {"had_contacts": "yes", **rows})
    news = eventually(lambda: mails_to(state, reader.address))
    subjects = {found[language][0] for found in TEXTS.values() if language in found}
    assert [message for message in news if not any(subject in message for subject in subjects)] == []
    [notification] = eventually(lambda: mails_to(state, contact["email"]))
    patient.page.goto(find_link(notification, "/contact/"))
    reader.inspect()

    # the watch at home
    case.wait_until_at("Event_ReportHour")
    case.fire_timer("Event_ReportHour")
    patient.wait_for_link("How are you today?")
    reader.inspect("with today's report due")
    reader.complete_form("daily_report", {"feeling": "worse", "day_temperature_c": "38.4", "fever_medicine": "yes"})
    eventually(lambda: case.value("release"))
    reader.open("/case")

    # the report, and a corrected result
    case.submit_report(
        case_classification="confirmed", isolation_until=days_ago(-2), further_action="refer_to_hospital"
    )
    patient.wait_for_link("Your feedback")
    reader.inspect("with the report")
    case.correct_lab_result("negative")
    eventually(lambda: case.value("lab_result") == "negative")
    eventually(lambda: len(mails_to(state, contact["email"])) == 2)
    reader.open("/case")
    patient.page.goto(find_link(notification, "/contact/"))
    reader.inspect("released")

    # the end of the case
    case.submit_report(case_classification="not_a_case")
    patient.wait_for_link("Your feedback")
    reader.complete_form("review", {"rating": "5"}, may_be_empty=True)
    case.wait_for_end()
    reader.open("/case", "/forms/symptoms_worsened", "/forms/medical_form")
    patient.page.goto(find_link(news[0], "/link/"))
    reader.inspect()

    assert len(inspector.violations_by_page) > MIN_INSPECTED
    assert inspector.violations == {}


@pytest.fixture
def household(state: dict[str, Any], access: Access) -> dict[str, str]:
    """Two watched people with one telephone, the first one after some days at home; the codes by case reference."""
    phone, people = CaseUnderTest(state).new_phone_number(), {"Ada": days_at_home(5), "Byron": []}

    def reach_report(name: str) -> CaseUnderTest:
        case = CaseUnderTest(state, is_watched=True)
        case.start_care(onset=8, given_name=name, channel="sms", email=None, phone=phone)
        case.record_visit("positive", body_temperature_c=36.8)
        case.wait_until_at("Event_ReportHour")
        case.set_values({"diary": people[name]})
        case.fire_timer("Event_ReportHour")
        case.wait_for_task("daily_report")
        return case

    with ThreadPoolExecutor(len(people)) as pool:
        cases = list(pool.map(reach_report, people))
    return {case.reference: access.create_code(case.reference, REQUEST_BORN, phone) for case in cases}


def days_at_home(count: int) -> list[dict[str, Any]]:
    """A diary of the days before today."""
    return [
        {**GREEN_DAY, "day": days_ago(count - number), "status": "green", "spo2": 94 + number, "feeling": "same"}
        for number in range(count)
    ]


@pytest.mark.parametrize("language", ["ar", *(pytest.param(each, marks=pytest.mark.verify) for each in ("en", "fr"))])
def test_every_page_of_a_household(
    language: str,
    state: dict[str, Any],
    household: dict[str, str],
    new_page: Callable[..., Page],
    inspector: Inspector,
) -> None:
    patient = Patient(new_page(NARROW, locale={"en": "en-US", "fr": "fr-CA", "ar": "ar-EG"}[language]), state, language)
    reader = InspectedPatient(patient, inspector, language)

    def sign_in(code: str) -> None:
        patient.fill_in({"access_code": code, "date_of_birth": REQUEST_BORN})
        patient.press("Sign in")

    (first, first_code), (second, second_code) = household.items()
    for case in household:
        set_language(CaseUnderTest(state).admin, case, language)
    patient.open("/sign-in")
    sign_in(first_code)
    reader.inspect("with days at home")
    reader.open("/sign-in?keep_open=yes", "/link/unknown")
    patient.open("/sign-in?keep_open=yes")
    sign_in(second_code)
    reader.inspect("with another person's report due")
    reader.open("/cases", "/forms/daily_report")
    with_low_oxygen = {"feeling": "same", "fever_medicine": "no", "spo2": "91", "pulse": "88"}
    reader.complete_form("daily_report", with_low_oxygen)
    assert patient.page.locator("#next-report").count() == 1
    with patient.page.expect_navigation():
        patient.page.locator("#next-report button").click()
    reader.complete_form("daily_report", {**with_low_oxygen, "spo2": "97"})
    assert first in patient.text
    reader.open("/cases")
    assert second in patient.text
    assert inspector.violations == {}


def test_planted_violations_are_found(state: dict[str, Any], chromium: Browser) -> None:
    context = chromium.new_context(viewport=NARROW, bypass_csp=True, locale="ar")
    page = context.new_page()
    Patient(page, state).open("/sign-in")
    assert find_violations(page) == []
    page.evaluate(
        """() => {
            document.querySelector('label[for=access_code]').remove();
            document.querySelector('main').style.width = '400px';
            const small = '<button style="width:9px;height:9px;padding:0">أ</button>';
            document.querySelector('main').insertAdjacentHTML('beforeend', small + small + '<p>Your case</p>');
        }"""
    )
    found = {fault.split(":")[0] for fault in find_violations(page)}
    context.close()
    assert found == {"label", "target-size", "too wide", "not translated"}
    assert is_untranslated(
        "Stay in quarantine until 1 mai 2020: at home, and away from other people. "
        "That is 14 jours after the day on which you were last close to this person.",
        "fr",
    )
    assert not is_untranslated("Symptômes", "fr")
