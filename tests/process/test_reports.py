"""Steps 14 to 17: overdue reports, tracing started by the report, another sample ordered by the doctor."""

from __future__ import annotations

import pytest

from records.outbox import Message
from tests.support.case import CaseUnderTest, eventually


def test_an_overdue_report_gets_a_higher_priority_and_the_doctors_on_duty_are_notified(
    case: CaseUnderTest, records: None
) -> None:
    case.reach_report("negative")
    before = case.task("doctor_report")["priority"]

    case.fire_timer("Event_ReportOverdue")

    eventually(lambda: case.task("doctor_report")["priority"] == before + 100)
    eventually(lambda: Message.get_or_none(Message.key == f"{case.reference}/escalate/1/dana@doctors.example"))
    case.submit_report()
    case.wait_for_task("review")


def test_waiting_raises_the_priority_of_a_report(case: CaseUnderTest) -> None:
    case.reach_report("negative")
    before = case.task("doctor_report")["priority"]

    case.fire_timer("Task_WriteDoctorsReport")

    assert case.task("doctor_report")["priority"] == before + 1


@pytest.mark.parametrize("classification", ["confirmed", "probable", "suspect"])
def test_the_report_starts_tracing_without_a_positive_result(case: CaseUnderTest, classification: str) -> None:
    case.reach_report("negative")
    assert case.value("contacts_traced") is False

    case.submit_report(case_classification=classification)

    # tracing and review run in parallel
    case.wait_for_task("close_contacts")
    case.wait_for_task("review")
    assert "Event_TracingBegunByReport" in case.visited_nodes()


def test_the_contacts_of_a_positive_case_are_not_traced_again_by_the_report(case: CaseUnderTest) -> None:
    case.reach_report("positive")
    case.submit_report(case_classification="confirmed")
    case.wait_for_task("review")

    assert "Event_TracingBegunByReport" not in case.visited_nodes()


def test_the_doctor_orders_another_sample_during_contact_tracing(case: CaseUnderTest) -> None:
    # given a positive case whose contacts are requested
    case.reach_report("positive")
    case.wait_for_task("close_contacts")
    # when the doctor orders another test
    case.submit_report(case_classification="confirmed", assessment="First report.", repeat_test=True)
    # then another visit is due, and tracing continues in parallel
    case.wait_for_task("medical_visit")
    case.wait_for_task("close_contacts")
    case.record_visit("negative", sample=2)
    case.wait_for_task("doctor_report")
    assert (case.value("sample_number"), case.value("result_number")) == (2, 2)
    assert "First report." in case.value("earlier_reports")
    # and tracing is started only once
    assert len([task for task in case.tasks() if task.form == "close_contacts"]) == 1
    case.submit_report()
    case.submit_form("close_contacts", {"had_contacts": "no"})
    case.submit_form("review", {"rating": "5"})
    assert case.wait_for_end().values["lab_result"] == "negative"


def test_after_the_third_sample_no_other_can_be_ordered(case: CaseUnderTest) -> None:
    case.reach_report("negative")
    for sample in (2, 3):
        case.submit_report(repeat_test=True)
        eventually(lambda sample=sample: case.value("sample_number") == sample)
        case.record_visit("negative", sample=sample)
        eventually(lambda sample=sample: case.value("result_number") == sample)
    task = case.wait_for_task("doctor_report")
    # the form doesn't offer another sample
    possible = case.admin.get(f"/task/{task.id}/variables/another_sample_possible")
    assert possible["value"] is False

    case.submit_report(repeat_test=True)

    case.wait_for_task("review")
