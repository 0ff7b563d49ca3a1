"""The watch at home on the pages of its patient, and the course in the forms of staff."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from records.access import Access
from tests.support.case import CaseUnderTest, eventually
from tests.support.days import days_ago
from tests.support.people import Patient

pytestmark = pytest.mark.browser
BORN = "1990-05-10"
TODAY = {"feeling": "better", "day_temperature_c": "36.9", "fever_medicine": "no", "pulse": "70"}


@pytest.fixture
def case(state: dict[str, Any]) -> CaseUnderTest:
    """A positive case that is watched at home, in the morning of its first day, 10 days after onset."""
    case = CaseUnderTest(state, is_watched=True)
    case.start_care(onset=10, channel="sms", email=None, phone=case.new_phone_number())
    case.record_visit("positive", body_temperature_c=36.8)
    case.wait_until_at("Event_ReportHour")
    case.fire_timer("Event_ReportHour")
    return case


@pytest.fixture
def patient(case: CaseUnderTest, state: dict[str, Any], access: Access, new_page: Callable[..., Page]) -> Patient:
    """The patient of the case, signed in on a phone."""
    patient = Patient(new_page(), state)
    patient.open("/sign-in")
    patient.fill_in({"access_code": access.create_code(case.reference, BORN), "date_of_birth": BORN})
    patient.press("Sign in")
    return patient


def test_a_patient_reports_and_reads_until_when_they_stay_at_home(case: CaseUnderTest, patient: Patient) -> None:
    # given today's report, which is the first action of the page
    patient.wait_for_link("How are you today?")
    first = patient.page.locator("main .govuk-button").first
    assert first.inner_text() == "How are you today?"
    # when
    patient.press("How are you today?")
    patient.submit_pages({**TODAY, "spo2": "97", "report_hour": "12:00"})
    # then
    eventually(lambda: case.value("release") == "isolation", case.describe)
    patient.open("/case")
    assert "Stay at home and away from other people until" in patient.text
    assert "Isolation lasts 10 days from your first symptoms." in patient.text
    assert patient.page.locator("#days tbody tr").count() == 1
    assert "36.9 °C" in patient.page.locator("#days").inner_text()
    assert case.value("report_hour") == "12:00"
    # when isolation is over
    case.correct_onset(days_ago(11))
    case.fire_timer("Event_ReportHour")
    patient.wait_for_link("How are you today?")
    patient.press("How are you today?")
    patient.submit_pages({**TODAY, "spo2": "98"})
    eventually(lambda: case.value("watch_outcome") == "released", case.describe)
    patient.open("/case")
    assert "Your isolation is over. You can leave home again." in patient.text


def test_on_a_red_day_the_emergency_advice_is_shown_at_once(case: CaseUnderTest, patient: Patient) -> None:
    patient.wait_for_link("How are you today?")
    patient.press("How are you today?")
    patient.fill_in_page({})
    patient.submit_page()
    patient.fill_in({**TODAY, "spo2": "91"})
    patient.submit_page()
    if patient.has_questions():
        patient.submit_page()
    assert patient.text.startswith("Call 112 now")
    assert case.task("worsening_call")["priority"] == 120
    patient.open("/case")
    assert "A doctor will also call you." in patient.text


def test_an_emergency_sign_ends_the_report_and_is_red(case: CaseUnderTest, patient: Patient) -> None:
    patient.wait_for_link("How are you today?")
    patient.press("How are you today?")
    patient.fill_in({"breathless": True})
    patient.submit_page()
    assert patient.text.startswith("Call 112 now")
    assert "breathless" in case.facts("worsening_call")["Today"]


def test_a_patient_cancels_the_watch(case: CaseUnderTest, patient: Patient) -> None:
    case.submit_form("close_contacts", {"had_contacts": "no"})
    case.submit_report(case_classification="confirmed")
    case.submit_form("review", {"rating": "5", "review_comment": None})
    eventually(lambda: {task.form for task in case.tasks()} == {"daily_report"}, case.describe)
    patient.open("/case/withdraw")
    assert "ask you each day how you are" in patient.text
    patient.press("Cancel my request")
    assert case.wait_for_end().values["watch_outcome"] == "withdrawn"
