"""Staff in their browsers: doctors, medics and tracers in Tasklist, process managers in Cockpit and on our pages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from processes.variables import VARIABLES
from tests.support.case import CONTACT, VISIT, WITH_COUGH, CaseUnderTest, eventually
from tests.support.chromium import DESKTOP, PHONE
from tests.support.people import StaffMember

pytestmark = pytest.mark.browser

URGENT = {**WITH_COUGH, "temperature": "at_least_39", "fatigue": True, "bedridden_half_day": True, "diabetes": True}


@pytest.fixture
def sign_in_staff(state: dict[str, Any], new_page: Callable[..., Page]) -> Callable[..., StaffMember]:
    """Return a function that signs a member of the staff in at Tasklist."""

    def sign_in(account: str, viewport: dict[str, int] = DESKTOP) -> StaffMember:
        member = StaffMember(new_page(viewport, javascript=True), state, account)
        member.sign_in()
        return member

    return sign_in


def test_a_doctor_claims_by_priority_and_reports(
    state: dict[str, Any], case: CaseUnderTest, sign_in_staff: Callable[..., StaffMember]
) -> None:
    case.reach_visit(URGENT)
    case.record_visit("positive")
    report = case.wait_for_task("doctor_report")
    # and a later, less urgent one
    later = CaseUnderTest(state)
    later.reach_report("negative")

    doctor = sign_in_staff("doctor")
    of_reports = ["Unclaimed reports by priority", "Overdue reports"]
    assert doctor.filters() == ["All to do", "Patients to call", "My tasks", *of_reports, "Patients to assess"]
    doctor.choose_filter("Unclaimed reports by priority")
    assert report.id in doctor.tasks()
    priorities = doctor.priorities()
    assert priorities == sorted(priorities, reverse=True)
    assert len(set(priorities)) > 1
    card = doctor.card(report.id)
    assert {"Result", "positive", "Pre-screening", "evaluation urgent, risk factor", "Priority", "urgent"} <= set(card)
    assert any(line.startswith("Ada Lovelace, ") for line in card)

    doctor.claim_from("Unclaimed reports by priority", report)
    doctor.choose_filter("Unclaimed reports by priority")
    assert report.id not in doctor.tasks()
    doctor.choose_filter("My tasks")
    assert report.id in doctor.tasks()
    doctor.open(report)
    doctor.fill_in(
        {"Assessment": "Typical.", "Advice to the patient": "Rest."},
        {"case_classification": "Confirmed", "further_action": "None"},
    )
    doctor.complete_task()
    eventually(lambda: case.value("report_published_at"))


def test_tasklist_and_cockpit_have_our_name_and_no_banner(
    state: dict[str, Any], sign_in_staff: Callable[..., StaffMember], new_page: Callable[..., Page]
) -> None:
    doctor = sign_in_staff("doctor")
    doctor.choose_filter("All to do")
    expect(doctor.page).to_have_title("CoronaCare Tasks")
    expect(doctor.page.locator(".brand-logo")).to_have_css("background-image", re.compile("coronacare.svg"))
    for hidden in (".ce-eol-banner", ".create-task-action", ".start-process-action"):
        expect(doctor.page.locator(hidden)).to_be_hidden()

    manager = StaffMember(new_page(DESKTOP, javascript=True), state, "process_manager")
    manager.sign_in_on_page("cockpit")
    expect(manager.page).to_have_title(re.compile("^CoronaCare Cockpit"))
    expect(manager.page.locator(".ce-eol-banner")).to_be_hidden()
    manager.page.goto(f"{state['engine']}/camunda/app/cockpit/default/#/processes")
    manager.page.get_by_role("link", name="CoronaCare", exact=True).first.click()
    expect(manager.page.locator(".version-tag").first).to_have_text(re.compile(r"\d+\.\d+\.\d+"))
    expect(manager.page.locator(".tenant-id")).to_be_hidden()


def test_all_lists_have_counts_and_a_task_is_found_by_name(
    state: dict[str, Any], case: CaseUnderTest, sign_in_staff: Callable[..., StaffMember]
) -> None:
    case.reach_visit(URGENT, family_name="Quillfeather")
    visit = case.wait_for_task("medical_visit")
    medic = sign_in_staff("medical_team")
    medic.choose_filter("All visits")
    lists = medic.page.context.request.get(
        f"{state['engine']}/camunda/api/engine/engine/default/filter?resourceType=Task&itemCount=true"
    )
    [today] = [each["itemCount"] for each in lists.json() if each["name"] == "Visits today"]
    closed = medic.page.locator(".task-filter:not(.active) h4 a", has_text="Visits today")
    expect(closed).to_have_attribute("data-count", str(today))

    found = medic.page.locator("ol.tasks-list li.task")
    for name, count in (("quillf", 1), ("Unheard", 0)):
        medic.page.get_by_label("Find by name").fill(name)
        medic.page.get_by_role("button", name="Find", exact=True).click()
        expect(found).to_have_count(count)
        assert medic.tasks() == [visit.id] * count
    medic.page.get_by_label("Find by name").fill("")
    medic.page.get_by_role("button", name="Find", exact=True).click()
    expect(found.first).to_be_visible()


def test_an_emergency_is_marked_and_has_a_due_time(
    case: CaseUnderTest, sign_in_staff: Callable[..., StaffMember]
) -> None:
    case.reach_visit(URGENT)
    case.report_worsening(breathless=True)
    call = case.wait_for_task("worsening_call")
    doctor = sign_in_staff("doctor")
    doctor.choose_filter("Patients to call")
    card = doctor.page.locator("ol.tasks-list li.task", has=doctor.page.locator(f'a[href*="task={call.id}"]')).first
    expect(card).to_have_class(re.compile("emergency"))
    expect(card).to_contain_text("Due in")


def test_a_doctor_finds_overdue_reports(case: CaseUnderTest, sign_in_staff: Callable[..., StaffMember]) -> None:
    case.reach_report("negative")
    report = case.wait_for_task("doctor_report")
    doctor = sign_in_staff("doctor")
    doctor.choose_filter("Overdue reports")
    assert report.id not in doctor.tasks()
    set_due_date(case, "doctor_report", datetime.now(UTC) - timedelta(minutes=1))
    doctor.choose_filter("Overdue reports")
    assert report.id in doctor.tasks()


def test_a_medic_finds_todays_visits_on_a_phone(case: CaseUnderTest, sign_in_staff: Callable[..., StaffMember]) -> None:
    case.reach_visit(URGENT, address="7 Station Road", phone=case.new_phone_number())
    visit = case.wait_for_task("medical_visit")
    set_due_date(case, "medical_visit", datetime.now(UTC) + timedelta(days=1, minutes=1))
    medic = sign_in_staff("medical_team", PHONE)
    assert medic.filters() == ["All visits", "Visits today", "Patients at home"]
    medic.choose_filter("Visits today")
    assert visit.id not in medic.tasks()
    # before those of other tests
    set_due_date(case, "medical_visit", datetime.now(UTC) - timedelta(days=1))
    assert medic.filters()[0] == "All visits"
    # the first list is open, and has all work
    expect(medic.page.locator(f'ol.tasks-list a[href*="task={visit.id}"]').first).to_be_visible()
    medic.choose_filter("Visits today")
    assert {"Address", "7 Station Road", "Telephone"} <= set(medic.card(visit.id))
    assert not medic.is_wider_than_the_screen

    medic.claim_from("Visits today", visit)
    # the open task is the only pane
    expect(medic.page.locator("section.tasks-list")).to_be_hidden()
    medic.expect_fact("Patient", "Ada Lovelace")
    medic.expect_fact("Date of birth", "10 May 1990")
    medic.expect_fact("Symptoms", "39 °C or more, in bed half the day, cough, tiredness")
    medic.fill_in({}, {"visit_outcome": "Sample taken"})
    medic.fill_in({"Barcode on the sample": case.barcode.lower(), "Temperature in °C": "37.2"}, {})
    medic.select_option("specimen_type", "Saliva")
    assert not medic.is_wider_than_the_screen
    medic.complete_task()
    expect(medic.page.locator("section.tasks-list")).to_be_visible()
    eventually(lambda: case.value("lab_order_id"))
    assert case.value("sample_barcode") == case.barcode


def test_a_tracer_finds_the_calls_to_make_on_a_phone(
    case: CaseUnderTest, sign_in_staff: Callable[..., StaffMember]
) -> None:
    case.reach_report("positive")
    # the SMS gateway refuses this number
    unreachable = {**CONTACT, "name": "Ida Call", "email": None, "phone": "000 124"}
    case.submit_form("close_contacts", {"had_contacts": "yes", "close_contacts": [unreachable]})
    call = case.wait_for_task("contact_call")
    tracer = sign_in_staff("contact_tracer", PHONE)
    assert tracer.filters() == ["Calls to make", "Calls for later"]
    tracer.choose_filter("Calls to make")
    assert {"Contact", "Ida Call", "000 124", "Quarantine until"} <= set(tracer.card(call.id))
    assert not tracer.is_wider_than_the_screen


@pytest.mark.serial
def test_a_manager_opens_an_incident_in_cockpit_and_retries_it_and_all_of_its_topic(
    state: dict[str, Any], new_page: Callable[..., Page]
) -> None:
    cases = [CaseUnderTest(state) for _ in range(3)]
    for case in cases:
        case.reach_visit()
        case.set_lab_result("negative")
        # no specimen: the lab refuses the order
        broken = {**VISIT, "sample_barcode": case.barcode, "specimen_type": None}
        case.complete_staff_task("medical_team", "medical_visit", broken)
    for case in cases:
        eventually(case.incidents, case.describe)
    first = cases[0]

    manager = StaffMember(new_page(DESKTOP, javascript=True), state, "process_manager")
    manager.sign_in_on_page("cockpit")
    manager.open_webapp("/staff/incidents")
    manager.sign_in_to_webapp()
    manager.open_webapp("/staff/incidents")
    page = manager.page
    row = page.get_by_role("row", name=first.reference)
    expect(page.get_by_role("main")).to_contain_text("The laboratory refused our request: a value is missing")
    with page.expect_navigation():
        row.get_by_role("link").click()
    expect(page.get_by_text("Order lab test").first).to_be_visible()
    page.get_by_role("tab", name="Incidents").or_(page.get_by_text("Incidents", exact=True)).first.click()
    expect(page.get_by_text("Failed External Task").or_(page.get_by_text("failedExternalTask")).first).to_be_visible()

    # the variable is corrected; one incident is retried, then all others of the topic
    for case in cases:
        [instance] = case.case().called
        body = {"modifications": VARIABLES.to_engine({"specimen_type": "saliva"})}
        case.admin.post(f"/process-instance/{instance}/variables", body)
    manager.open_webapp("/staff/incidents")
    page.get_by_role("button", name=f"Retry after the correction Order lab test of {first.reference}").click()
    expect(page.get_by_role("status")).to_contain_text("1 incident retried")
    first.wait_for_task("doctor_report")
    page.get_by_role("button", name="Retry all cases at Order lab test after the correction").click()
    expect(page.get_by_role("status")).to_contain_text("2 incidents retried")
    for case in cases[1:]:
        case.wait_for_task("doctor_report")
        assert case.incidents() == []
    manager.open_webapp("/staff/incidents")
    expect(page.get_by_role("main")).not_to_contain_text("lab.order_test")
    retried = page.get_by_role("region", name="Retried in the last 7 days")
    for case in cases:
        row = retried.get_by_role("row", name=case.reference)
        expect(row).to_contain_text("Order lab test")
        expect(row).to_contain_text("Not failed")


def test_signing_out_deletes_drafts_in_the_browser(
    case: CaseUnderTest, sign_in_staff: Callable[..., StaffMember]
) -> None:
    case.reach_visit(URGENT)
    medic = sign_in_staff("medical_team")
    medic.claim_from("All visits", case.wait_for_task("medical_visit"))
    medic.fill_in({}, {"visit_outcome": "Patient refused"})
    medic.fill_in({"Note for the doctor": "half a sentence"}, {})
    medic.sign_out()
    local_storage = "JSON.stringify({...localStorage})"
    deadline = time.monotonic() + 5
    while "half a sentence" in medic.page.evaluate(local_storage) and time.monotonic() < deadline:
        medic.page.wait_for_timeout(100)
    # and the page doesn't write it again later
    medic.page.wait_for_timeout(1000)
    assert "half a sentence" not in medic.page.evaluate(local_storage)


def set_due_date(case: CaseUnderTest, form: str, due: datetime) -> None:
    """Set the due date of the open task with this form."""
    task = case.task(form)
    unchanged = ("name", "description", "assignee", "owner", "delegationState", "followUp", "priority", "parentTaskId")
    body = {name: task[name] for name in unchanged} | {"due": f"{due:%Y-%m-%dT%H:%M:%S}.000+0000"}
    case.admin.put(f"/task/{task['id']}", body)
