"""From pre-screening to review: a patient on a phone without JavaScript, a medic and a doctor in Tasklist."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.case import WITH_COUGH, CaseUnderTest
from tests.support.chromium import DESKTOP
from tests.support.days import days_ago
from tests.support.mail import link_in, mails_to
from tests.support.people import Patient, StaffMember

ADDRESS = "grace@patients.example"


@pytest.mark.browser
def test_from_pre_screening_to_review(state: dict[str, Any], new_page: Callable[..., Page]) -> None:
    patient = Patient(new_page(), state)

    # the patient answers the pre-screening, without an account
    patient.opens("/")
    patient.presses("Start the symptom check")
    seen: list[str] = []
    patient.goes_through(
        {
            "for_whom": "myself",
            "date_of_birth": "1990-12-09",
            "weight_kg": "61.5",
            "height_cm": "168",
            "recent_exposure": "no",
            "temperature": "at_least_39",
            "cough": True,
            "cough_since": days_ago(8),
            "heart_disease": "no",
            "weakened_immunity": "no",
        },
        at=seen.append,
    )
    # the cough calls for a further question
    assert seen.count("Symptoms") == 2
    assert seen[-1] == "Check your answers"
    expect(patient.page.get_by_role("heading", level=1)).to_have_text("Your case")
    assert "We recommend that you get a test" in patient.text
    case = CaseUnderTest(state)
    case.reference = patient.page.locator("main strong").first.inner_text()

    # requests an evaluation: first whether, then the rest
    patient.waits_for_link("Request a home visit and a test")
    patient.presses("Request a home visit and a test")
    patient.goes_through(
        {
            "wants_evaluation": "yes",
            "given_name": "Grace",
            "family_name": "Hopper",
            "channel": "email",
            "email": ADDRESS,
            "address": "1 Harbour Street",
            "language": "en",
            "reporting_notice_read": True,
            "consent_to_care": True,
        }
    )
    code = patient.page.locator(".access-code").inner_text()

    # comes back on another device with access code and date of birth
    patient = Patient(new_page(), state)
    patient.opens("/sign-in")
    patient.answers({"access_code": code, "date_of_birth": "1990-12-09"})
    patient.presses("Sign in")
    patient.fills_in(
        "Medical form",
        {
            "onset_date": days_ago(8),
            "allergies": "Penicillin",
            "pregnancy": "no",
            "vaccination_doses": "0",
            "lives": "shared",
            "works_in": "health_or_care",
        },
    )

    # a medic takes the sample, in Tasklist
    visit = case.waits_for("medical_visit")
    case.lab_will_find("positive")
    medic = StaffMember(new_page(DESKTOP, javascript=True), state, "medical_team")
    medic.signs_in_at_the_page()
    medic.takes_from("All visits", visit)
    medic.sees("Family name", "Hopper")
    medic.answers({}, {"visit_outcome": "Sample taken"})
    medic.answers({"Barcode on the sample": case.barcode, "Temperature in °C": "38.4"}, {})
    medic.selects("specimen_type", "Saliva")
    medic.completes()

    # the result is told at once, and the contacts are asked for
    patient.waits_for_link("Your close contacts")
    assert "Positive" in patient.text
    patient.presses("Your close contacts")
    patient.answers({"had_contacts": "yes"})
    patient.continues()
    contact = {"name": "Howard Aiken", "email": "howard@contacts.example", "relation": "work_or_study"}
    contact |= {"last_exposure_date": days_ago(9), "exposure": "close"}
    patient.answers({f"close_contacts-0-{name}": value for name, value in contact.items()})
    patient.presses("Add another")
    assert patient.page.input_value('[name="close_contacts-0-name"]') == "Howard Aiken"
    patient.presses("Remove number 2")
    patient.continues()
    expect(patient.page.get_by_role("heading", level=1)).to_have_text("Your case")

    # a doctor reports, in Tasklist
    doctor = StaffMember(new_page(DESKTOP, javascript=True), state, "doctor")
    doctor.signs_in()
    doctor.takes_from("Unclaimed reports by priority", case.waits_for("doctor_report"))
    doctor.sees("Allergies", "Penicillin")
    doctor.answers(
        {"Assessment": "Mild course.", "Advice to the patient": "Rest and drink."},
        {"case_classification": "Confirmed", "further_action": "None"},
    )
    doctor.completes()

    # the patient reads the report and says what they think
    patient.waits_for_link("Your feedback")
    assert "Rest and drink." in patient.text
    assert "Mild course." not in patient.text
    patient.fills_in("Your feedback", {"rating": "5", "review_comment": "Thank you."})
    assert case.ends().values["case_outcome"] == "care_completed"
    patient.opens("/case")
    assert "Your doctor's report is on this page. Your case is closed." in patient.text
    assert len(mails_to(state, ADDRESS)) == 3

    # and the contact opens the page that their message links to
    [message] = mails_to(state, "howard@contacts.example")
    link = link_in(message, "/contact/")
    contact_page = Patient(new_page(), state)
    contact_page.page.goto(link)
    assert "You were close to someone with COVID-19" in contact_page.text
    last_day = date.fromisoformat(days_ago(9)) + timedelta(days=14)
    assert f"Stay in quarantine until {last_day:%-d %B %Y}" in contact_page.text
    assert "Hopper" not in contact_page.page.content()
    contact_page.presses("Start a symptom check")
    expect(contact_page.page.get_by_role("heading", level=1)).to_have_text("Emergency signs")


@pytest.mark.browser
def test_a_manager_sees_cases_in_cockpit(
    state: dict[str, Any], case: CaseUnderTest, new_page: Callable[..., Page]
) -> None:
    for finding in (None, None, "negative", "positive"):
        other = CaseUnderTest(state).starts(WITH_COUGH)
        other.requests_evaluation()
        other.fills_in_medical_form()
        if finding:
            other.is_visited(finding)
    case.starts(WITH_COUGH)
    case.requests_evaluation()
    case.fills_in_medical_form()
    case.waits_for("medical_visit")

    manager = StaffMember(new_page(DESKTOP, javascript=True), state, "process_manager")
    manager.signs_in_at_the_page("cockpit")
    definition = case.admin.get("/process-definition/key/corona_care")["id"]
    manager.page.goto(f"{state['engine']}/camunda/app/cockpit/default/#/process-definition/{definition}/runtime")
    expect(manager.page.get_by_text(case.reference)).to_be_visible()
    expect(manager.page.locator('[data-element-id="Task_TakeSample"]').first).to_be_visible()
    expect(manager.page.locator(".djs-overlays .badge").first).to_be_visible()


@pytest.mark.browser
def test_the_logs_hold_no_patients_data(state: dict[str, Any]) -> None:
    """After the journey above: its names and texts are in no log, while the case references are."""
    logs = list(Path(state["logs"]).glob("*.log"))
    text = "".join(log.read_text(errors="replace") for log in logs)
    assert len(logs) >= 6
    planted = ("Hopper", ADDRESS, "1 Harbour Street", "Penicillin", "Howard Aiken", "1990-12-09", "Mild course.")
    assert [word for word in planted if word in text] == []
    # the search finds what is there
    assert "topic=lab.order_test case=C-" in text
