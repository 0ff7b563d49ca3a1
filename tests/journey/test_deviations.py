"""Deviations from the usual path on people's pages: feeling worse, no one at home, withdrawal, calls by staff."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page

from camunda7.variables import ENGINE_TIME
from records.access import Access
from tests.support.case import CONTACT, WITH_COUGH, CaseUnderTest, eventually
from tests.support.chromium import DESKTOP
from tests.support.days import day_of_month, days_ago
from tests.support.people import Patient, StaffMember

pytestmark = pytest.mark.browser
BORN = "1990-05-10"
URGENT = {
    **WITH_COUGH, "temperature": "at_least_39", "fatigue": True, "bedridden_half_day": True, "diabetes": True
}  # fmt: skip


@pytest.fixture
def patient(case: CaseUnderTest, state: dict[str, Any], access: Access, new_page: Callable[..., Page]) -> Patient:
    """The patient of the case, signed in on a phone."""
    patient = Patient(new_page(), state)
    # urgent, so that the case is on the first page of the staff's lists, before the open cases of other tests
    case.reach_visit(URGENT, channel="sms", email=None, phone=case.new_phone_number())
    patient.open("/sign-in")
    patient.fill_in({"access_code": access.create_code(case.reference, BORN), "date_of_birth": BORN})
    patient.press("Sign in")
    return patient


def sign_in_staff(state: dict[str, Any], new_page: Callable[..., Page], account: str) -> StaffMember:
    member = StaffMember(new_page(DESKTOP, javascript=True), state, account)
    member.sign_in()
    return member


def test_nobody_at_home_the_medic_notes_the_next_appointment_in_tasklist(
    case: CaseUnderTest, patient: Patient, state: dict[str, Any], new_page: Callable[..., Page]
) -> None:
    medic = sign_in_staff(state, new_page, "medical_team")
    medic.claim_from("All visits", case.wait_for_task("medical_visit"))
    medic.fill_in({}, {"visit_outcome": "No one at home"})
    day = (datetime.now(UTC) + timedelta(days=2)).replace(hour=14, minute=30, second=0, microsecond=0)
    medic.fill_in_moment("next_appointment", day)
    medic.complete_task()

    eventually(lambda: case.value("visit_number") == 2)
    due = datetime.strptime(case.task("medical_visit")["due"], ENGINE_TIME)
    assert due == day
    patient.open("/case")
    assert f"{day:%A %-d %B}, 14:30" in patient.text


def test_a_patient_who_feels_worse_sees_what_to_do_and_is_called(
    case: CaseUnderTest, patient: Patient, state: dict[str, Any], new_page: Callable[..., Page]
) -> None:
    patient.open("/case")
    patient.press("I feel worse")
    patient.fill_in({"breathless": True})
    patient.submit_page()
    # an emergency sign on the first page is enough
    assert patient.text.startswith("Call 112 now")
    eventually(lambda: case.value("orientation_now") == "emergency")
    patient.open("/case")
    assert patient.text.startswith("Call 112 now")
    assert "A doctor will also call you." in patient.text
    assert "Stay at home" not in patient.text

    doctor = sign_in_staff(state, new_page, "doctor")
    doctor.claim_from("Patients to call", case.wait_for_task("worsening_call"))
    doctor.expect_fact("Patient", "Lovelace")
    doctor.fill_in({"What was said or advised": "Goes to hospital."}, {"call_reached": "Yes"})
    doctor.complete_task()
    eventually(lambda: "Event_PatientCalled" in case.visited_nodes())


def test_a_patient_withdraws(case: CaseUnderTest, patient: Patient) -> None:
    patient.open("/case")
    patient.page.get_by_role("link", name="Cancel my request").click()
    patient.press("Cancel my request")

    assert "We've cancelled your request." in patient.text
    assert "The lab" not in patient.text
    assert case.wait_for_end().values["case_outcome"] == "withdrawn"
    patient.open("/case")
    assert "You can start again at any time. Your case is closed." in patient.text
    assert "You need a test" not in patient.text


def test_a_list_of_contacts_that_is_returned_has_its_rows_and_says_what_is_wrong(
    case: CaseUnderTest, patient: Patient
) -> None:
    case.record_visit("positive")
    patient.wait_for_link("List your close contacts")
    patient.press("List your close contacts")
    patient.fill_in({"had_contacts": "yes"})
    patient.submit_page()
    row = {"name": "Kim", "email": "kim@contacts.example", "relation": "friend", "exposure": "close"}
    row["last_exposure_date"] = last_exposure = days_ago(27)
    patient.fill_in({f"close_contacts-0-{name}": value for name, value in row.items()})
    first = case.wait_for_task("close_contacts").id
    patient.submit_page()
    assert "Check your answers" in patient.text
    patient.submit_page()

    eventually(lambda: case.wait_for_task("close_contacts").id != first)
    patient.open("/case")
    assert "There is a problem with your list of close contacts" in patient.text
    patient.open("/forms/close_contacts")
    link = patient.page.locator(".govuk-error-summary a")
    assert patient.page.locator(link.get_attribute("href")).get_attribute("name") == (
        "close_contacts-0-last_exposure_date-choice"
    )
    infectious_from = date.fromisoformat(days_ago(10))
    assert f"Kim: enter {infectious_from:%-d %B %Y} or later." in patient.text
    assert patient.page.input_value('[name="close_contacts-0-email"]') == "kim@contacts.example"
    assert patient.page.input_value('[name="close_contacts-0-last_exposure_date-day"]') == day_of_month(last_exposure)
    patient.fill_in({"close_contacts-0-last_exposure_date": days_ago(9)})
    patient.submit_page()
    patient.submit_page()
    eventually(lambda: case.value("contacts_named") == 1)


def test_a_contact_tracer_calls_a_contact_in_tasklist(
    case: CaseUnderTest, state: dict[str, Any], new_page: Callable[..., Page]
) -> None:
    case.reach_report("positive")
    contact = {**CONTACT, "name": "No Answer", "email": None, "phone": "000 123"}
    case.submit_form("close_contacts", {"had_contacts": "yes", "close_contacts": [contact]})

    tracer = sign_in_staff(state, new_page, "contact_tracer")
    tracer.claim_from("Calls to make", case.wait_for_task("contact_call"))
    tracer.expect_fact("Contact", "No Answer")
    tracer.fill_in({}, {"call_reached": "Yes"})
    tracer.fill_in({}, {"contact_symptoms": "No", "will_quarantine": "Yes", "link_wanted": "No"})
    tracer.complete_task()

    eventually(lambda: case.value("contacts_notified_at"))
    [reported] = case.get_from_government(f"/v1/cases/{case.reference}")["contacts"]
    assert reported["outcome"] == "called"
