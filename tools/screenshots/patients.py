"""Pictures of the pages of patients and contacts, in the order in which they are taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from playwright.sync_api import Page

from tests.support.chromium import DESKTOP, NARROW, PHONE
from tests.support.mail import find_link, mails_to
from tests.support.people import Patient
from tools.screenshots.guide import Guide

NEWCOMER = {
    "for_whom": "myself",
    "date_of_birth": "1990-12-09",
    "weight_kg": "61.5",
    "height_cm": "168",
    "recent_exposure": "no",
    "temperature": "at_least_39",
    "cough": True,
    "cough_since": str(date.today() - timedelta(days=2)),
    "heart_disease": "no",
    "weakened_immunity": "no",
    "wants_evaluation": "yes",
    "given_name": "Grace",
    "family_name": "Harper",
    "channel": "email",
    "email": "grace.harper@patients.example",
    "address": "1 Harbour Street",
    "language": "en",
    "reporting_notice_read": True,
    "consent_to_care": True,
}


def home(guide: Guide) -> Page:
    guide.newcomer().open("/")
    return guide.newcomer().page


def home_on_desktop(guide: Guide) -> Page:
    page = home(guide)
    page.set_viewport_size(DESKTOP)
    return page


def pre_screening(guide: Guide) -> Page:
    home(guide).set_viewport_size(PHONE)
    guide.newcomer().press("Start the symptom check")
    return fill_in_until(guide.newcomer(), "Symptoms")


def check_your_answers(guide: Guide) -> Page:
    return fill_in_until(guide.newcomer(), "Check your answers")


def advice(guide: Guide) -> Page:
    guide.newcomer().submit_page()
    guide.newcomer().wait_for_link("Request a home visit and a test")
    return guide.newcomer().page


def evaluation_request(guide: Guide) -> Page:
    guide.newcomer().press("Request a home visit and a test")
    return fill_in_until(guide.newcomer(), "Your contact details")


def access_code(guide: Guide) -> Page:
    guide.newcomer().submit_pages(NEWCOMER)
    return guide.newcomer().page


def sign_in(guide: Guide) -> Page:
    guide.newcomer().page.context.clear_cookies()
    guide.newcomer().open("/sign-in")
    return guide.newcomer().page


def fill_in_until(patient: Patient, heading: str) -> Page:
    """Fill in the pages of a form up to the page with this heading."""
    while True:
        shown = patient.page.locator("h1").inner_text()
        patient.fill_in_page(NEWCOMER)
        if shown == heading:
            return patient.page
        patient.submit_page()


def close_contacts(guide: Guide) -> Page:
    patient = guide.patient("Hana Suzuki")
    patient.press("List your close contacts")
    patient.fill_in({"had_contacts": "yes"})
    patient.submit_page()
    contact = {"name": "Howard Suzuki", "email": "howard@contacts.example", "relation": "household"}
    contact |= {"last_exposure_date": str(date.today() - timedelta(days=1)), "exposure": "close"}
    patient.fill_in({f"close_contacts-0-{name}": value for name, value in contact.items()})
    patient.press("Add another")
    return patient.page


def contacts_came_back(guide: Guide) -> Page:
    patient = guide.patient("Nia Owusu")
    patient.open("/forms/close_contacts")
    return patient.page


def contact(guide: Guide) -> Page:
    [message, *_] = mails_to(guide.state, "howard.allen@contacts.example")
    patient = guide.newcomer()
    patient.page.goto(find_link(message, "/contact/"))
    return patient.page


def withdraws(guide: Guide) -> Page:
    patient = guide.patient("Elif Kaya")
    patient.page.get_by_role("link", name="Cancel my request").click()
    return patient.page


def feels_worse(guide: Guide) -> Page:
    patient = guide.patient("Ingrid Dahl")
    patient.press("I feel worse")
    patient.fill_in({"breathless": True})
    return patient.page


def case_of(name: str, viewport: dict[str, int] = PHONE, locale: str = "en-GB") -> Callable[[Guide], Page]:
    return lambda guide: guide.patient(name, viewport, locale).page


PAGES = {
    "patient-home": home,
    "patient-home-desktop": home_on_desktop,
    "patient-pre-screening": pre_screening,
    "patient-check-your-answers": check_your_answers,
    "patient-advice": advice,
    "patient-evaluation-request": evaluation_request,
    "patient-access-code": access_code,
    "patient-sign-in": sign_in,
    "patient-result": case_of("Hana Suzuki"),
    "patient-result-fr": case_of("Lucie Bernard", NARROW, "fr"),
    "patient-result-ar": case_of("Amal Mansour", NARROW, "ar"),
    "patient-report": lambda guide: guide.patient(guide.closed).page,
    "patient-close-contacts": close_contacts,
    "patient-contacts-came-back": contacts_came_back,
    "contact": contact,
    "patient-withdraws": withdraws,
    "patient-feels-worse": feels_worse,
    "patient-emergency": case_of("Leila Farahani"),
}
