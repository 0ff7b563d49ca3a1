"""From pre-screening to review: a patient on a phone without JavaScript, a medic and a doctor in Tasklist."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.case import CASE_TITLE, WITH_COUGH, CaseUnderTest
from tests.support.chromium import DESKTOP
from tests.support.days import days_ago
from tests.support.mail import find_link, mails_to
from tests.support.people import Patient, StaffMember

ADDRESS = "grace@patients.example"


@pytest.mark.browser
def test_a_question_appears_with_the_answer_that_raises_it(
    state: dict[str, Any], new_page: Callable[..., Page]
) -> None:
    patient = Patient(new_page(), state)
    day, seen = patient.page.locator("[name=cough_since-choice]").first, []

    def tick_and_untick(heading: str) -> None:
        if heading == "Symptoms":
            for is_ticked in (False, True):
                patient.fill_in({"cough": is_ticked})
                seen.append((is_ticked, day.is_visible()))

    patient.open("/forms/pre_screening")
    patient.submit_pages({**WITH_COUGH, "cough_since": days_ago(8)}, at=tick_and_untick)
    assert seen == [(False, False), (True, True)]


@pytest.mark.browser
def test_from_pre_screening_to_review(state: dict[str, Any], new_page: Callable[..., Page]) -> None:
    patient = Patient(new_page(), state)

    # the patient answers the pre-screening, without an account
    patient.open("/")
    patient.press("Start the symptom check")
    headings: list[str] = []
    patient.submit_pages(
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
        at=headings.append,
    )
    # a cough has a further question, which is on the page as soon as its box is ticked
    assert headings.count("Symptoms") == 1
    assert headings[-1] == "Check your answers"
    expect(patient.page).to_have_title(CASE_TITLE)
    assert "We recommend that you get a test" in patient.text
    case = CaseUnderTest(state)
    case.reference = patient.page.locator("main strong").first.inner_text()

    # requests an evaluation: first whether they want one, then the other pages
    patient.wait_for_link("Request a home visit and a test")
    patient.press("Request a home visit and a test")
    patient.submit_pages(
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
    patient.open("/sign-in")
    patient.fill_in({"access_code": code, "date_of_birth": "1990-12-09"})
    patient.press("Sign in")
    patient.complete_form(
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
    visit = case.wait_for_task("medical_visit")
    case.set_lab_result("positive")
    medic = StaffMember(new_page(DESKTOP, javascript=True), state, "medical_team")
    medic.sign_in_on_page()
    medic.claim_from("All visits", visit)
    medic.expect_fact("Patient", "Grace Hopper")
    medic.fill_in({}, {"visit_outcome": "Sample taken"})
    medic.fill_in({"Barcode on the sample": case.barcode, "Temperature in °C": "38.4"}, {})
    medic.select_option("specimen_type", "Saliva")
    medic.complete_task()

    # the page shows the result, and asks for the contacts
    patient.wait_for_link("List your close contacts")
    assert "Positive" in patient.text
    patient.press("List your close contacts")
    patient.fill_in({"had_contacts": "yes"})
    patient.submit_page()
    contact = {"name": "Howard Aiken", "email": "howard@contacts.example", "relation": "work_or_study"}
    contact |= {"last_exposure_date": days_ago(9), "exposure": "close"}
    patient.fill_in({f"close_contacts-0-{name}": value for name, value in contact.items()})
    patient.press("Add another")
    assert patient.page.input_value('[name="close_contacts-0-name"]') == "Howard Aiken"
    patient.press("Remove number 2")
    patient.submit_page()
    assert "Howard Aiken" in patient.text
    patient.submit_page()
    expect(patient.page).to_have_title(CASE_TITLE)

    # a doctor reports, in Tasklist
    doctor = StaffMember(new_page(DESKTOP, javascript=True), state, "doctor")
    doctor.sign_in()
    doctor.claim_from("Unclaimed reports by priority", case.wait_for_task("doctor_report"))
    doctor.expect_fact("Allergies", "Penicillin")
    doctor.fill_in(
        {"Assessment": "Mild course.", "Advice to the patient": "Rest and drink."},
        {"case_classification": "Confirmed", "further_action": "None"},
    )
    doctor.complete_task()

    # the patient reads the report and says what they think
    patient.wait_for_link("Your feedback")
    assert "Rest and drink." in patient.text
    assert "Mild course." not in patient.text
    patient.complete_form("Your feedback", {"rating": "5", "review_comment": "Thank you."})
    case.end_watch()
    assert case.wait_for_end().values["case_outcome"] == "care_completed"
    patient.open("/case")
    assert "Your doctor's report is on this page. Your case is closed." in patient.text
    assert len(mails_to(state, ADDRESS)) == 4

    # and the contact opens the link in the message
    [message] = mails_to(state, "howard@contacts.example")
    link = find_link(message, "/contact/")
    contact_page = Patient(new_page(), state)
    contact_page.page.goto(link)
    assert "You were close to someone with" in contact_page.text
    last_day = date.fromisoformat(days_ago(9)) + timedelta(days=14)
    assert f"Stay in quarantine until {last_day:%-d %B %Y}" in contact_page.text
    assert "Hopper" not in contact_page.page.content()
    contact_page.press("Start a symptom check")
    expect(contact_page.page.get_by_role("heading", level=1)).to_have_text("Emergency signs")


@pytest.mark.browser
def test_a_process_manager_sees_the_running_cases_in_cockpit(
    state: dict[str, Any], case: CaseUnderTest, new_page: Callable[..., Page]
) -> None:
    for finding in (None, None, "negative", "positive"):
        other = CaseUnderTest(state).start(WITH_COUGH)
        other.request_evaluation()
        other.fill_in_medical_form()
        if finding:
            other.record_visit(finding)
    case.start(WITH_COUGH)
    case.request_evaluation()
    case.fill_in_medical_form()
    case.wait_for_task("medical_visit")

    manager = StaffMember(new_page(DESKTOP, javascript=True), state, "process_manager")
    manager.sign_in_on_page("cockpit")
    definition = case.admin.get("/process-definition/key/corona_care")["id"]
    manager.page.goto(f"{state['engine']}/camunda/app/cockpit/default/#/process-definition/{definition}/runtime")
    expect(manager.page.get_by_text(case.reference)).to_be_visible()
    expect(manager.page.locator('[data-element-id="Task_TakeSample"]').first).to_be_visible()
    expect(manager.page.locator(".djs-overlays .badge").first).to_be_visible()


@pytest.mark.browser
def test_the_logs_contain_no_data_of_patients(state: dict[str, Any]) -> None:
    """Search the logs after the journey above: they contain case references, but no names and texts."""
    logs = list(Path(state["logs"]).glob("*.log"))
    text = "".join(log.read_text(errors="replace") for log in logs)
    assert len(logs) >= 6
    planted = ("Hopper", ADDRESS, "1 Harbour Street", "Penicillin", "Howard Aiken", "1990-12-09", "Mild course.")
    assert [word for word in planted if word in text] == []
    # the search itself works
    assert "topic=lab.order_test case=C-" in text
