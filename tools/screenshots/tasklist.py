"""Pictures of Tasklist, for doctors, the medical team and contact tracers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.support.people import StaffMember
from tools.screenshots.guide import Guide

# the first page of a new engine is slow
LOAD_TIMEOUT_MS = 30_000


def all_to_do(guide: Guide) -> Page:
    doctor = guide.staff("doctor")
    doctor.choose_filter("All to do")
    return wait_for_labels(doctor.page)


def report(guide: Guide) -> Page:
    doctor = guide.staff("doctor")
    doctor.claim_from("Unclaimed reports by priority", guide.task("Hana Suzuki", "doctor_report"))
    doctor.expect_fact("Allergies", "Penicillin")
    return doctor.page


def call_patient(guide: Guide) -> Page:
    doctor = guide.staff("doctor")
    doctor.claim_from("Patients to call", guide.task("Leila Farahani", "worsening_call"))
    doctor.expect_fact("Patient", "Leila Farahani")
    doctor.fill_in({"What was said or advised": "Goes to hospital."}, {"call_reached": "Yes"})
    return doctor.page


def visits_today(guide: Guide) -> Page:
    medic = guide.staff("medical_team", on_phone=True)
    medic.choose_filter("Visits today")
    return wait_for_labels(medic.page)


def visit_on_phone(guide: Guide) -> Page:
    medic = guide.staff("medical_team", on_phone=True)
    medic.claim_from("Visits today", guide.task("Mateo Rossi", "medical_visit"))
    fill_in_visit(medic)
    return medic.page


def visit(guide: Guide) -> Page:
    medic = guide.staff("medical_team")
    medic.claim_from("All visits", guide.task("Elif Kaya", "medical_visit"))
    medic.expect_fact("Patient", "Elif Kaya")
    fill_in_visit(medic)
    return medic.page


def fill_in_visit(medic: StaffMember) -> None:
    medic.fill_in({}, {"visit_outcome": "Sample taken"})
    medic.fill_in({"Barcode on the sample": "S914-0A1B2C", "Temperature in °C": "38.4"}, {})
    medic.select_option("specimen_type", "Saliva")


def nobody_at_home(guide: Guide) -> Page:
    medic = guide.staff("medical_team")
    medic.claim_from("All visits", guide.task("Oscar Lindgren", "medical_visit"))
    medic.fill_in({}, {"visit_outcome": "No one at home"})
    in_two_days = datetime.now(UTC) + timedelta(days=2)
    medic.fill_in_moment("next_appointment", in_two_days.replace(hour=14, minute=30))
    return medic.page


def calls_to_make(guide: Guide) -> Page:
    tracer = guide.staff("contact_tracer", on_phone=True)
    tracer.choose_filter("Calls to make")
    return wait_for_labels(tracer.page)


def call_contact(guide: Guide) -> Page:
    tracer = guide.staff("contact_tracer")
    tracer.claim_from("Calls to make", guide.task("Teresa Gomes", "contact_call"))
    tracer.fill_in({}, {"call_reached": "Yes"})
    tracer.fill_in({}, {"contact_symptoms": "No", "will_quarantine": "Yes", "link_wanted": "No"})
    return tracer.page


def wait_for_labels(page: Page) -> Page:
    """Wait until Tasklist shows its labels instead of their translation keys."""
    expect(page.locator(".creation-date").first).to_contain_text("Created", timeout=LOAD_TIMEOUT_MS)
    return page


ON_PHONE = {
    "phone-visits-today": visits_today,
    "phone-visit": visit_on_phone,
    "phone-calls-to-make": calls_to_make,
}
ON_DESKTOP = {
    "tasklist-all-to-do": all_to_do,
    "tasklist-report": report,
    "tasklist-visit": visit,
    "tasklist-nobody-at-home": nobody_at_home,
    "tasklist-call-contact": call_contact,
    "tasklist-call-patient": call_patient,
}
