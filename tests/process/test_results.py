"""Steps 10 to 12: late and inconclusive results, and further samples, three at most."""

from __future__ import annotations

from typing import Any

from records.outbox import Message
from services.lab.models import FeedItem, Order, Reservation
from tests.support.case import CaseUnderTest, eventually
from tests.support.laboratory import finish_lab_test


def give_up_first_sample(case: CaseUnderTest, finding: str) -> None:
    """Run a case until a second sample is needed, because the first one's result is overdue."""
    case.reach_visit()
    case.record_visit(finding, after_s=3600)
    case.wait_until_at("Task_WaitForTestResult")
    case.fire_timer("Event_ResultGivenUp")
    eventually(lambda: case.value("sample_number") == 2)


def test_a_late_result_is_chased_and_the_patient_is_notified_of_the_delay(
    case: CaseUnderTest, lab_database: None, records: None
) -> None:
    # given a sample whose result is late
    case.reach_visit()
    case.record_visit("negative", after_s=3600)
    case.wait_until_at("Task_WaitForTestResult")
    before = Order.get(Order.case_reference == case.reference).priority
    # when 48 hours have passed
    case.fire_timer("Event_ResultLate")
    # then the lab raises its priority, the patient is notified, and the case keeps waiting
    eventually(lambda: Message.get_or_none(Message.key == f"{case.reference}/notify/result_late/1"))
    assert Order.get(Order.case_reference == case.reference).priority == before + 100
    case.wait_until_at("Task_WaitForTestResult")


def test_a_result_that_never_arrives_is_given_up_and_another_sample_is_taken(case: CaseUnderTest) -> None:
    case.reach_visit()
    case.record_visit("never")
    case.wait_until_at("Task_WaitForTestResult")

    case.fire_timer("Event_ResultGivenUp")

    case.wait_for_task("medical_visit")
    assert (case.value("sample_number"), case.value("lab_result")) == (2, None)
    case.record_visit("positive", sample=2)
    case.wait_for_task("doctor_report")
    assert case.value("lab_result") == "positive"


def test_after_an_inconclusive_result_another_sample_is_taken(case: CaseUnderTest) -> None:
    case.reach_visit()
    case.record_visit("inconclusive")
    eventually(lambda: case.value("sample_number") == 2)

    case.record_visit("negative", sample=2)

    case.wait_for_task("doctor_report")
    assert case.value("lab_result") == "negative"
    assert case.value("result_number") == 1
    so_far = case.value("results_so_far")
    assert f"Sample 1, {case.barcode}" in so_far
    assert "inconclusive; Sample 2" in so_far


def test_after_three_samples_without_a_result_the_doctor_decides(case: CaseUnderTest) -> None:
    case.reach_visit()
    for sample, finding in enumerate(("inconclusive", "unsatisfactory", "inconclusive"), 1):
        eventually(lambda sample=sample: case.value("sample_number") == sample)
        case.record_visit(finding, sample=sample)

    case.wait_for_task("doctor_report")
    assert case.value("lab_result") == "indeterminate"
    assert case.value("contacts_traced") is False


def test_a_late_result_of_the_first_sample_cancels_the_second_visit(case: CaseUnderTest, lab_database: None) -> None:
    # given a first sample that was given up, and a second visit that is due
    give_up_first_sample(case, "negative")
    case.wait_for_task("medical_visit")
    # when the first result arrives
    finish_lab_test(case.barcode)
    # then the patient is notified, the second visit is cancelled, and its kit is returned
    case.wait_for_task("doctor_report")
    assert (case.value("lab_result"), case.value("lab_result_barcode")) == ("negative", case.barcode)
    assert "Event_EarlierResultBeforeSample" in case.visited_nodes()
    kits = Reservation.select().where(Reservation.case_reference == case.reference)
    assert [kit.sample_number for kit in kits] == [1]


def test_a_late_result_of_the_first_sample_cancels_the_second_test(case: CaseUnderTest, lab_database: None) -> None:
    # given two samples at the lab
    give_up_first_sample(case, "positive")
    case.record_visit("negative", sample=2, after_s=3600)
    case.wait_until_at("Task_WaitForTestResult")
    # when the first result arrives
    finish_lab_test(case.barcode)
    # then the patient is notified, and the second test is cancelled
    case.wait_for_task("doctor_report")
    assert case.value("lab_result") == "positive"
    assert Order.get(Order.sample_barcode == case.barcode_of(2)).state == "cancelled"
    assert "Event_EarlierResultBeforeResult" in case.visited_nodes()


def test_an_inconclusive_late_result_of_the_first_sample_changes_nothing(
    case: CaseUnderTest, lab_database: None
) -> None:
    give_up_first_sample(case, "inconclusive")
    case.wait_for_task("medical_visit")

    finish_lab_test(case.barcode)

    eventually(lambda: FeedItem.get_or_none(FeedItem.case_reference == case.reference, FeedItem.acknowledged))
    case.record_visit("positive", sample=2)
    case.wait_for_task("doctor_report")
    assert case.value("lab_result") == "positive"


def test_a_result_that_arrives_before_the_case_waits_for_it_is_delivered_later(
    case: CaseUnderTest, lab_database: None
) -> None:
    # given a visit that is due
    case.reach_visit()
    # when the result arrives before the case waits for it
    barcode = case.barcode
    FeedItem.create(
        kind="result", case_reference=case.reference, sample_number=1, sample_barcode=barcode, status="final",
        result="negative",
    )  # fmt: skip
    case.record_visit("never")
    # then it is delivered as soon as the case waits
    case.wait_for_task("doctor_report")
    assert case.value("lab_result") == "negative"


def test_a_repeated_result_is_delivered_once(case: CaseUnderTest, lab_database: None, state: dict[str, Any]) -> None:
    case.reach_report("positive")
    item = FeedItem.get(FeedItem.case_reference == case.reference)
    FeedItem.create(**{**item.__data__, "id": None, "acknowledged": False})

    eventually(
        lambda: not FeedItem.select().where(FeedItem.case_reference == case.reference, ~FeedItem.acknowledged).exists()
    )
    assert (case.value("result_number"), case.value("correction_number")) == (1, 0)
    case.wait_for_task("doctor_report")
