"""Detours as people see them: feeling worse, nobody at home, withdrawing, calls by staff."""

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
    who = Patient(new_page(), state)
    # so urgent that staff find them on the first page of their list, whatever other tests have left open
    case.reaches_the_visit(URGENT, channel="sms", email=None, phone=case.telephone())
    who.opens("/sign-in")
    who.answers({"access_code": access.create_code(case.reference, BORN), "date_of_birth": BORN})
    who.presses("Sign in")
    return who


def staff(state: dict[str, Any], new_page: Callable[..., Page], account: str) -> StaffMember:
    member = StaffMember(new_page(DESKTOP, javascript=True), state, account)
    member.signs_in()
    return member


def test_nobody_at_home_the_medic_notes_the_next_appointment_in_tasklist(
    case: CaseUnderTest, patient: Patient, state: dict[str, Any], new_page: Callable[..., Page]
) -> None:
    medic = staff(state, new_page, "medical_team")
    medic.takes_from("All visits", case.waits_for("medical_visit"))
    medic.answers({}, {"visit_outcome": "No one at home"})
    day = (datetime.now(UTC) + timedelta(days=2)).replace(hour=14, minute=30, second=0, microsecond=0)
    medic.chooses_moment("next_appointment", day)
    medic.completes()

    eventually(lambda: case.value("visit_number") == 2)
    due = datetime.strptime(case.task("medical_visit")["due"], ENGINE_TIME)
    assert due == day
    patient.opens("/case")
    assert f"{day:%-d %B %Y}, 14:30" in patient.text


def test_a_patient_who_feels_worse_sees_what_to_do_and_is_called(
    case: CaseUnderTest, patient: Patient, state: dict[str, Any], new_page: Callable[..., Page]
) -> None:
    patient.opens("/case")
    patient.presses("I feel worse")
    patient.answers({"breathless": True})
    patient.continues()
    # the first page is enough
    assert patient.text.startswith("Call 112 now")
    eventually(lambda: case.value("orientation_now") == "emergency")
    patient.opens("/case")
    assert patient.text.startswith("Call 112 now")
    assert "A doctor will also call you." in patient.text
    assert "Stay at home" not in patient.text

    doctor = staff(state, new_page, "doctor")
    doctor.takes_from("Patients to call", case.waits_for("worsening_call"))
    doctor.sees("Family name", "Lovelace")
    doctor.answers({"What was said or advised": "Goes to hospital."}, {"call_reached": "Yes"})
    doctor.completes()
    eventually(lambda: "Event_PatientCalled" in case.visited())


def test_a_patient_withdraws(case: CaseUnderTest, patient: Patient) -> None:
    patient.opens("/case")
    patient.page.get_by_role("link", name="Cancel my request").click()
    patient.presses("Cancel my request")

    assert "We've cancelled your request." in patient.text
    assert "The lab" not in patient.text
    assert case.ends().values["case_outcome"] == "withdrawn"
    patient.opens("/case")
    assert "You've cancelled your request. You can start again" in patient.text
    assert "You need a test" not in patient.text


def test_a_patient_learns_why_the_list_came_back_and_finds_it_as_it_was(case: CaseUnderTest, patient: Patient) -> None:
    case.is_visited("positive")
    patient.waits_for_link("Your close contacts")
    patient.presses("Your close contacts")
    patient.answers({"had_contacts": "yes"})
    patient.continues()
    row = {"name": "Kim", "email": "kim@contacts.example", "relation": "friend", "exposure": "close"}
    row["last_exposure_date"] = last_exposure = days_ago(27)
    patient.answers({f"close_contacts-0-{name}": value for name, value in row.items()})
    first = case.waits_for("close_contacts").id
    patient.continues()

    eventually(lambda: case.waits_for("close_contacts").id != first)
    patient.opens("/case")
    assert "There is a problem with your list of close contacts" in patient.text
    patient.opens("/forms/close_contacts")
    link = patient.page.locator(".govuk-error-summary a")
    assert patient.page.locator(link.get_attribute("href")).get_attribute("name") == (
        "close_contacts-0-last_exposure_date-day"
    )
    infectious_from = date.fromisoformat(days_ago(10))
    assert f"Kim: enter {infectious_from:%-d %B %Y} or later." in patient.text
    assert patient.page.input_value('[name="close_contacts-0-email"]') == "kim@contacts.example"
    assert patient.page.input_value('[name="close_contacts-0-last_exposure_date-day"]') == day_of_month(last_exposure)
    patient.answers({"close_contacts-0-last_exposure_date": days_ago(9)})
    patient.continues()
    eventually(lambda: case.value("contacts_named") == 1)


def test_a_contact_tracer_calls_a_contact_in_tasklist(
    case: CaseUnderTest, state: dict[str, Any], new_page: Callable[..., Page]
) -> None:
    case.is_told("positive")
    nobody = {**CONTACT, "name": "Nobody Knows", "email": None, "phone": "000 123"}
    case.sends("close_contacts", {"had_contacts": "yes", "close_contacts": [nobody]})

    tracer = staff(state, new_page, "contact_tracer")
    tracer.takes_from("Calls to make", case.waits_for("contact_call"))
    tracer.sees("Name", "Nobody Knows")
    tracer.answers({}, {"call_reached": "Yes"})
    tracer.answers({}, {"contact_symptoms": "No", "will_quarantine": "Yes", "link_wanted": "No"})
    tracer.completes()

    eventually(lambda: case.value("contacts_notified_at"))
    [contact] = case.at_government(f"/v1/cases/{case.reference}")["contacts"]
    assert contact["outcome"] == "called"
