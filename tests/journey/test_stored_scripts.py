"""What people type is shown as text: no script hidden in a field runs, wherever staff or patients read it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from config.settings import ROOT
from records.access import Access
from tests.support.case import CONTACT, MEDICAL, REPORT, WITH_COUGH, CaseUnderTest, eventually
from tests.support.chromium import DESKTOP
from tests.support.days import days_ago
from tests.support.diagrams import form_fields
from tests.support.people import Patient, StaffMember

pytestmark = pytest.mark.browser

# each runs on a page that takes it for HTML
RUNNING = [
    "<script>planted()</script>",
    '"><script>planted()</script>',
    "<img src=x onerror=planted()>",
    "'\"><img src=x onerror=planted()>",
    "<svg onload=planted()>",
    "</textarea></title></style><img src=x onerror=planted()>",
    '<iframe srcdoc="<script>parent.planted()</script>"></iframe>',
    "<details open ontoggle=planted()>",
    "<input autofocus onfocus=planted()>",
]
# these would in the templates of Camunda's applications, in Markdown and in links
OTHERS = [
    "{{constructor.constructor('planted()')()}}",
    "${planted()}",
    "[x](javascript:planted())",
    "javascript:planted()//",
    '<a href="javascript:planted()">x</a>',
]
SHOWS = """text => document.body.innerText.includes(text)
    || [...document.querySelectorAll('input, textarea')].some(field => field.value.includes(text))"""
TYPED = ("textfield", "textarea")
PAYLOAD = " ".join(RUNNING + OTHERS)
BORN = "1990-05-10"


class Watch:
    """Browsers in which each script that runs is heard.

    Attributes:
        ran: addresses of the pages on which one of the payloads ran.
        pages: all that were opened.
    """

    def __init__(self, chromium: Browser):
        self._chromium = chromium
        self.ran: list[str] = []
        self.pages: list[Page] = []

    def page(self) -> Page:
        context = self._chromium.new_context(viewport=DESKTOP, locale="en-US")
        context.expose_binding("planted", lambda source: self.ran.append(source["page"].url))
        self.pages.append(context.new_page())
        self.pages[-1].set_default_timeout(60_000)
        return self.pages[-1]

    def sees_nothing(self) -> None:
        """Nothing ran, and nothing of the payloads became an element of a page."""
        for page in self.pages:
            page.wait_for_load_state("networkidle")
            assert page.evaluate(SHOWS, RUNNING[0]), page.url
            assert (
                page.locator('[href^="javascript:" i], iframe[srcdoc], [onerror], [onfocus], [ontoggle]').count() == 0
            )
        assert self.ran == []


@pytest.fixture
def watch(chromium: Browser) -> Iterator[Watch]:
    watch = Watch(chromium)
    yield watch
    for page in watch.pages:
        page.context.close()


@pytest.mark.parametrize("payload", RUNNING)
def test_on_a_bare_page_each_of_them_runs(watch: Watch, payload: str) -> None:
    watch.page().set_content(f"<body>{payload}</body>")
    deadline = time.monotonic() + 5
    while not watch.ran and time.monotonic() < deadline:
        watch.pages[0].wait_for_timeout(50)
    assert watch.ran


def free_text(form: str) -> set[str]:
    """Names of the fields of a form into which anything can be typed."""
    fields = form_fields(ROOT / "forms" / f"{form}.form")
    return {name for name, field in fields.items() if field["type"] in TYPED and not field.get("disabled")}


def hostile(form: str, *kept: str) -> dict[str, str]:
    return dict.fromkeys(free_text(form) - set(kept), PAYLOAD)


def test_nothing_that_was_typed_runs_in_tasklist_cockpit_or_the_pages(
    state: dict[str, Any], case: CaseUnderTest, access: Access, watch: Watch
) -> None:
    case.starts(
        {**WITH_COUGH, "temperature": "at_least_39", "fatigue": True, "bedridden_half_day": True, "diabetes": True}
    )
    case.requests_evaluation(**hostile("evaluation_request", "email", "phone"), phone="000 126", channel="telephone")
    case.sends("medical_form", {**MEDICAL, **hostile("medical_form")})

    def works(account: str, filter_name: str, form: str) -> None:
        """Open a task from its list, in a browser of one's own."""
        member = StaffMember(watch.page(), state, account)
        member.signs_in()
        member.takes_from(filter_name, case.waits_for(form))
        expect(member.page.locator(".fjs-container input").first).to_be_visible()

    works("medical_team", "All visits", "medical_visit")
    case.is_visited("positive", **hostile("medical_visit", "sample_barcode"))
    works("doctor", "Unclaimed reports by priority", "doctor_report")

    # the list of contacts comes back to the patient's page, then a contact is to be called
    patient = Patient(watch.page(), state)
    patient.opens("/sign-in")
    patient.answers({"access_code": access.create_code(case.reference, BORN), "date_of_birth": BORN})
    patient.presses("Sign in")
    contact = {**CONTACT, "name": PAYLOAD, "email": None, "phone": "000 125"}
    first = case.waits_for("close_contacts").id
    refused = {**contact, "last_exposure_date": days_ago(87)}
    case.sends("close_contacts", {"had_contacts": "yes", "close_contacts": [refused]})
    eventually(lambda: case.waits_for("close_contacts").id != first)
    patient.opens("/forms/close_contacts")
    assert patient.page.input_value('[name="close_contacts-0-name"]') == PAYLOAD
    watch.sees_nothing()
    case.sends("close_contacts", {"had_contacts": "yes", "close_contacts": [contact]})
    works("contact_tracer", "Calls to make", "contact_call")

    # the report, and Cockpit with each variable
    report = {**REPORT, **hostile("doctor_report"), "case_classification": "confirmed"}
    case.admin.submit(case.waits_for("doctor_report").id, report)
    eventually(lambda: case.value("report_published_at"))
    patient.opens("/case")
    admin = StaffMember(watch.page(), state, "admin")
    admin.signs_in_at_the_page("cockpit")
    admin.page.goto(f"{state['engine']}/camunda/app/cockpit/default/#/process-instance/{case.instance_id}/runtime")
    expect(admin.page.get_by_text(RUNNING[0]).first).to_be_visible()
    watch.sees_nothing()
