"""Stored cross-site scripting: a script in any field is shown as text, on the pages of staff and patients."""

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

# each runs on a page that inserts it without escaping
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
# these run if they get into the templates of Camunda's applications, Markdown or a link's address
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
    """Browser contexts that record the calls of the payloads.

    Attributes:
        ran: URLs of the pages on which a payload ran.
        pages: all open pages.
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

    def check_pages(self) -> None:
        """Assert that no payload ran, and that none became an element of a page."""
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
def test_each_payload_runs_on_a_page_without_escaping(watch: Watch, payload: str) -> None:
    watch.page().set_content(f"<body>{payload}</body>")
    deadline = time.monotonic() + 5
    while not watch.ran and time.monotonic() < deadline:
        watch.pages[0].wait_for_timeout(50)
    assert watch.ran


def free_text_fields(form: str) -> set[str]:
    """Names of a form's fields that accept any text."""
    fields = form_fields(ROOT / "forms" / f"{form}.form")
    return {name for name, field in fields.items() if field["type"] in TYPED and not field.get("disabled")}


def hostile(form: str, *excluded: str) -> dict[str, str]:
    return dict.fromkeys(free_text_fields(form) - set(excluded), PAYLOAD)


def test_no_payload_runs_in_tasklist_cockpit_or_the_pages(
    state: dict[str, Any], case: CaseUnderTest, access: Access, watch: Watch
) -> None:
    case.start(
        {**WITH_COUGH, "temperature": "at_least_39", "fatigue": True, "bedridden_half_day": True, "diabetes": True}
    )
    case.request_evaluation(**hostile("evaluation_request", "email", "phone"), phone="000 126", channel="telephone")
    case.submit_form("medical_form", {**MEDICAL, **hostile("medical_form")})

    def claim_task(account: str, filter_name: str, form: str) -> None:
        """Claim a task from its list, in a separate browser context."""
        member = StaffMember(watch.page(), state, account)
        member.sign_in()
        member.claim_from(filter_name, case.wait_for_task(form))
        expect(member.page.locator(".fjs-container input").first).to_be_visible()

    claim_task("medical_team", "All visits", "medical_visit")
    case.record_visit("positive", **hostile("medical_visit", "sample_barcode"))
    claim_task("doctor", "Unclaimed reports by priority", "doctor_report")

    # the list of contacts is returned to the patient's page, then a contact has to be called
    patient = Patient(watch.page(), state)
    patient.open("/sign-in")
    patient.fill_in({"access_code": access.create_code(case.reference, BORN), "date_of_birth": BORN})
    patient.press("Sign in")
    contact = {**CONTACT, "name": PAYLOAD, "email": None, "phone": "000 125"}
    first = case.wait_for_task("close_contacts").id
    refused = {**contact, "last_exposure_date": days_ago(87)}
    case.submit_form("close_contacts", {"had_contacts": "yes", "close_contacts": [refused]})
    eventually(lambda: case.wait_for_task("close_contacts").id != first)
    patient.open("/forms/close_contacts")
    assert patient.page.input_value('[name="close_contacts-0-name"]') == PAYLOAD
    watch.check_pages()
    case.submit_form("close_contacts", {"had_contacts": "yes", "close_contacts": [contact]})
    claim_task("contact_tracer", "Calls to make", "contact_call")

    # the report, and Cockpit with each variable
    report = {**REPORT, **hostile("doctor_report"), "case_classification": "confirmed"}
    case.admin.submit(case.wait_for_task("doctor_report").id, report)
    eventually(lambda: case.value("report_published_at"))
    patient.open("/case")
    admin = StaffMember(watch.page(), state, "admin")
    admin.sign_in_on_page("cockpit")
    admin.page.goto(f"{state['engine']}/camunda/app/cockpit/default/#/process-instance/{case.instance_id}/runtime")
    expect(admin.page.get_by_text(RUNNING[0]).first).to_be_visible()
    watch.check_pages()
