"""Takes the pictures of docs/ from a demo that it starts: python -m tools.screenshots FOLDER [PICTURE …].

A picture is a name and how to reach its page; they are taken in their order, and some go on from the one before.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Error as PlaywrightError

from config.settings import ROOT, environment_name
from processes.cases import OpenTask, open_tasks
from processes.engine import Engine
from tests.support.chromium import DESKTOP, NARROW, PHONE, launched
from tests.support.mail import link_in, mails_to
from tests.support.people import Patient, StaffMember

DEMO_WITHIN_S = 600
TASK_WITHIN_S = 60
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
HISTORY = "history=included"


class Guide:
    """Leads people to pages of the demo.

    Args:
        state: of the demo, as state.json says.
    """

    def __init__(self, browser: Browser, state: Mapping[str, Any]):
        self._browser = browser
        self.state = state
        self._stops = {stop["patient"]: stop for stop in state["tour"]}
        self.closed = next(stop["patient"] for stop in state["tour"] if stop["what"].startswith("closed"))
        self._engine = Engine(state["engine"], **state["accounts"]["admin"])
        self.staff = cache(self._sign_in_staff)
        self.newcomer = cache(lambda: Patient(self._page(PHONE), state))

    def patient(self, name: str, viewport: dict[str, int] = PHONE, locale: str = "en-GB") -> Patient:
        """A patient of the tour at the page of their case, signed in."""
        stop, patient = self._stops[name], Patient(self._page(viewport, locale=locale), self.state)
        patient.opens("/sign-in")
        patient.answers({"access_code": stop["access_code"], "date_of_birth": stop["date_of_birth"]})
        with patient.page.expect_navigation():
            patient.page.locator("main form button").first.click()
        patient.opens("/case")
        return patient

    def task(self, name: str, form: str) -> OpenTask:
        """The task of a patient's case that asks for this form, as soon as there is one."""
        deadline = time.monotonic() + TASK_WITHIN_S
        while time.monotonic() < deadline:
            for task in open_tasks(self._engine, self._stops[name]["case_reference"]):
                if task.form == form:
                    return task
            time.sleep(0.5)
        raise TimeoutError(f"{name}: {form} was not asked for within {TASK_WITHIN_S} s")

    def _sign_in_staff(self, account: str, application: str = "tasklist", on_phone: bool = False) -> StaffMember:
        member = StaffMember(self._page(PHONE if on_phone else DESKTOP, javascript=True), self.state, account)
        member.signs_in_at_the_page(application)
        return member

    def _page(self, viewport: dict[str, int], javascript: bool = False, locale: str = "en-US") -> Page:
        context = self._browser.new_context(viewport=viewport, java_script_enabled=javascript, locale=locale)
        page = context.new_page()
        page.set_default_timeout(30_000)
        return page


def home(guide: Guide) -> Page:
    guide.newcomer().opens("/")
    return guide.newcomer().page


def home_on_desktop(guide: Guide) -> Page:
    page = home(guide)
    page.set_viewport_size(DESKTOP)
    return page


def pre_screening(guide: Guide) -> Page:
    home(guide).set_viewport_size(PHONE)
    guide.newcomer().presses("Start the pre-screening")
    return filled_in(guide.newcomer(), "Symptoms")


def check_your_answers(guide: Guide) -> Page:
    return filled_in(guide.newcomer(), "Check your answers")


def advice(guide: Guide) -> Page:
    guide.newcomer().continues()
    guide.newcomer().waits_for_link("Request an evaluation")
    return guide.newcomer().page


def evaluation_request(guide: Guide) -> Page:
    guide.newcomer().presses("Request an evaluation")
    return filled_in(guide.newcomer(), "How we reach you", 2)


def access_code(guide: Guide) -> Page:
    guide.newcomer().goes_through(NEWCOMER)
    return guide.newcomer().page


def sign_in(guide: Guide) -> Page:
    guide.newcomer().page.context.clear_cookies()
    guide.newcomer().opens("/sign-in")
    return guide.newcomer().page


def filled_in(patient: Patient, heading: str, time: int = 1) -> Page:
    """Go through a form until the page with this heading came up so often, and is filled in."""
    seen: Counter[str] = Counter()
    while True:
        shown = patient.page.locator("h1").inner_text()
        seen[shown] += 1
        patient.answers({name: value for name, value in NEWCOMER.items() if patient.is_asked(name)})
        if shown == heading and seen[shown] == time:
            return patient.page
        patient.continues()


def close_contacts(guide: Guide) -> Page:
    patient = guide.patient("Hana Suzuki")
    patient.presses("Your close contacts")
    patient.answers({"had_contacts": "yes"})
    patient.continues()
    contact = {"name": "Howard Suzuki", "email": "howard@contacts.example", "relation": "household"}
    contact |= {"last_exposure_date": str(date.today() - timedelta(days=1)), "exposure": "close"}
    patient.answers({f"close_contacts-0-{name}": value for name, value in contact.items()})
    patient.presses("Add another")
    return patient.page


def contacts_came_back(guide: Guide) -> Page:
    patient = guide.patient("Nia Owusu")
    patient.opens("/forms/close_contacts")
    return patient.page


def contact(guide: Guide) -> Page:
    [message, *_] = mails_to(guide.state, "howard.allen@contacts.example")
    patient = guide.newcomer()
    patient.page.goto(link_in(message, "/contact/"))
    return patient.page


def withdraws(guide: Guide) -> Page:
    patient = guide.patient("Elif Kaya")
    patient.page.get_by_role("link", name="Withdraw").click()
    return patient.page


def feels_worse(guide: Guide) -> Page:
    patient = guide.patient("Ingrid Dahl")
    patient.presses("I feel worse")
    patient.answers({"breathless": True})
    return patient.page


def emergency(guide: Guide) -> Page:
    page = feels_worse(guide)
    while page.locator("main form button[name=send]").count():
        page.locator("main form button[name=send]").click()
    guide.task("Ingrid Dahl", "worsening_call")
    return guide.patient("Ingrid Dahl").page


def unclaimed_reports(guide: Guide) -> Page:
    doctor = guide.staff("doctor")
    doctor.chooses("Unclaimed reports by priority")
    return with_its_words(doctor.page)


def report(guide: Guide) -> Page:
    doctor = guide.staff("doctor")
    doctor.takes_from("Unclaimed reports by priority", guide.task("Hana Suzuki", "doctor_report"))
    doctor.sees("Allergies", "Penicillin")
    return doctor.page


def call_patient(guide: Guide) -> Page:
    doctor = guide.staff("doctor")
    doctor.takes_from("Patients to call", guide.task("Ingrid Dahl", "worsening_call"))
    doctor.sees("Family name", "Dahl")
    doctor.answers({"What was said or advised": "Goes to hospital."}, {"call_reached": "Yes"})
    return doctor.page


def visits_today(guide: Guide) -> Page:
    medic = guide.staff("medical_team", on_phone=True)
    medic.chooses("Visits today")
    return with_its_words(medic.page)


def visit_on_phone(guide: Guide) -> Page:
    medic = guide.staff("medical_team", on_phone=True)
    medic.takes_from("Visits today", guide.task("Mateo Rossi", "medical_visit"))
    fill_in_visit(medic)
    return medic.page


def visit(guide: Guide) -> Page:
    medic = guide.staff("medical_team")
    medic.takes_from("All visits", guide.task("Elif Kaya", "medical_visit"))
    medic.sees("Family name", "Kaya")
    fill_in_visit(medic)
    return medic.page


def fill_in_visit(medic: StaffMember) -> None:
    medic.answers({}, {"visit_outcome": "Sample taken"})
    medic.answers({"Barcode on the sample": "S914-0A1B2C", "Temperature in °C": "38.4"}, {})
    medic.selects("specimen_type", "Saliva")


def nobody_at_home(guide: Guide) -> Page:
    medic = guide.staff("medical_team")
    medic.takes_from("All visits", guide.task("Oscar Lindgren", "medical_visit"))
    medic.answers({}, {"visit_outcome": "Nobody at home"})
    in_two_days = datetime.now(UTC) + timedelta(days=2)
    medic.chooses_moment("next_appointment", in_two_days.replace(hour=14, minute=30))
    return medic.page


def calls_to_make(guide: Guide) -> Page:
    tracer = guide.staff("contact_tracer", on_phone=True)
    tracer.chooses("Calls to make")
    return with_its_words(tracer.page)


def call_contact(guide: Guide) -> Page:
    tracer = guide.staff("contact_tracer")
    tracer.takes_from("Calls to make", guide.task("Teresa Gomes", "contact_call"))
    tracer.answers({}, {"call_reached": "Yes"})
    tracer.answers({}, {"contact_symptoms": "No", "will_quarantine": "Yes", "link_wanted": "No"})
    return tracer.page


def managers_page(path: str) -> Callable[[Guide], Page]:
    def reach(guide: Guide) -> Page:
        manager = guide.staff("process_manager", "cockpit")
        manager.opens_our_page(path)
        if manager.page.locator("#password").count():
            manager.signs_in_there()
            manager.opens_our_page(path)
        return manager.page

    return reach


def incident_in_cockpit(guide: Guide) -> Page:
    page = managers_page("/staff/incidents")(guide)
    with page.expect_navigation():
        page.locator("main table").get_by_role("link").first.click()
    expect(page.get_by_text("Order lab test").first).to_be_visible()
    page.get_by_role("tab", name="Incidents").or_(page.get_by_text("Incidents", exact=True)).first.click()
    return settled(page)


def cases_in_cockpit(guide: Guide) -> Page:
    manager = guide.staff("process_manager", "cockpit")
    manager.page.goto(f"{guide.state['engine']}/camunda/app/cockpit/default/#/processes")
    manager.page.get_by_role("link", name="CoronaCare", exact=True).first.click()
    expect(manager.page.locator(".djs-overlays .badge").first).to_be_visible()
    return settled(manager.page)


def with_its_words(page: Page) -> Page:
    """Tasklist, once it shows words instead of their keys."""
    expect(page.get_by_placeholder("Filter Tasks")).to_be_visible()
    return page


def settled(page: Page) -> Page:
    page.wait_for_load_state("networkidle")
    return page


def case_of(name: str, viewport: dict[str, int] = PHONE, locale: str = "en-GB") -> Callable[[Guide], Page]:
    return lambda guide: guide.patient(name, viewport, locale).page


# of a person's own pages, whole; of the others what the window shows
WHOLE = {
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
    "now": managers_page(f"/staff/now?{HISTORY}"),
    "kpis": managers_page(f"/staff/kpis?{HISTORY}"),
    "incidents": managers_page("/staff/incidents"),
    "phone-visits-today": visits_today,
    "phone-visit": visit_on_phone,
    "phone-calls-to-make": calls_to_make,
    "patient-feels-worse": feels_worse,
    "patient-emergency": emergency,
}
WINDOW = {
    "tasklist-unclaimed-reports": unclaimed_reports,
    "tasklist-report": report,
    "tasklist-visit": visit,
    "tasklist-nobody-at-home": nobody_at_home,
    "tasklist-call-contact": call_contact,
    "tasklist-call-patient": call_patient,
    "cockpit-corona-care": cases_in_cockpit,
    "cockpit-incident": incident_in_cockpit,
}


@contextmanager
def demo() -> Iterator[dict[str, Any]]:
    """A demo of its own, up: what its state.json says."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, environment_name("folder"): folder}
        process = subprocess.Popen([sys.executable, "-m", "stack", "demo"], cwd=ROOT, env=environment)
        try:
            yield wait_for_tour(process, Path(folder) / "state.json")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def wait_for_tour(process: subprocess.Popen[bytes], file: Path) -> dict[str, Any]:
    """The demo's state, once its cases are open."""
    deadline = time.monotonic() + DEMO_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline:
        state = json.loads(file.read_text()) if file.exists() else {}
        if "tour" in state:
            return state
        time.sleep(1)
    raise TimeoutError(f"the demo was not up within {DEMO_WITHIN_S} s")


def main(folder: Path, names: list[str]) -> int:
    """Take these pictures, or all; returns 1 if there is one whose page wasn't reached."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = []
    with demo() as state, launched() as browser:
        guide = Guide(browser, state)
        for name, reach in (WHOLE | WINDOW).items():
            if names and name not in names:
                continue
            try:
                reach(guide).screenshot(path=folder / f"{name}.png", full_page=name in WHOLE)
                print(name, flush=True)
            except (PlaywrightError, AssertionError, TimeoutError) as error:
                missing.append(f"{name}: {error}")
    print("\n".join(missing))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
