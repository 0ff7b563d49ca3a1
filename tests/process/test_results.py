"""Steps 10 to 12: late results, results that say nothing, and another sample: three in all."""

from __future__ import annotations

from typing import Any

from records.outbox import Message
from services.lab.models import FeedItem, Order, Reservation
from tests.support.case import CaseUnderTest, eventually
from tests.support.laboratory import lab_gets_to


def first_sample_given_up(case: CaseUnderTest, finding: str) -> None:
    """The lab doesn't get to the first sample, in which it would find this; a second one is wanted."""
    case.reaches_the_visit()
    case.is_visited(finding, after_s=3600)
    case.stands_at("Task_WaitForTestResult")
    case.timer_falls_due("Event_ResultGivenUp")
    eventually(lambda: case.value("sample_number") == 2)


def test_a_late_result_is_chased_and_the_patient_told_of_the_delay(
    case: CaseUnderTest, lab_database: None, records: None
) -> None:
    # given a sample that the lab doesn't get to
    case.reaches_the_visit()
    case.is_visited("negative", after_s=3600)
    case.stands_at("Task_WaitForTestResult")
    before = Order.get(Order.case_reference == case.reference).priority
    # when 48 hours have passed
    case.timer_falls_due("Event_ResultLate")
    # then the lab puts it before the others, the patient is told, and the case waits on
    eventually(lambda: Message.get_or_none(Message.key == f"{case.reference}/notify/result_late/1"))
    assert Order.get(Order.case_reference == case.reference).priority == before + 100
    case.stands_at("Task_WaitForTestResult")


def test_a_result_that_never_comes_is_given_up_and_another_sample_taken(case: CaseUnderTest) -> None:
    case.reaches_the_visit()
    case.is_visited("never")
    case.stands_at("Task_WaitForTestResult")

    case.timer_falls_due("Event_ResultGivenUp")

    case.waits_for("medical_visit")
    assert (case.value("sample_number"), case.value("lab_result")) == (2, None)
    case.is_visited("positive", sample=2)
    case.waits_for("doctor_report")
    assert case.value("lab_result") == "positive"


def test_an_inconclusive_result_calls_for_another_sample(case: CaseUnderTest) -> None:
    case.reaches_the_visit()
    case.is_visited("inconclusive")
    eventually(lambda: case.value("sample_number") == 2)

    case.is_visited("negative", sample=2)

    case.waits_for("doctor_report")
    assert case.value("lab_result") == "negative"
    assert case.value("result_number") == 1
    so_far = case.value("results_so_far")
    assert f"Sample 1, {case.barcode}" in so_far
    assert "inconclusive; Sample 2" in so_far


def test_three_samples_without_result_are_for_the_doctor_to_judge(case: CaseUnderTest) -> None:
    case.reaches_the_visit()
    for sample, finding in enumerate(("inconclusive", "unsatisfactory", "inconclusive"), 1):
        eventually(lambda sample=sample: case.value("sample_number") == sample)
        case.is_visited(finding, sample=sample)

    case.waits_for("doctor_report")
    assert case.value("lab_result") == "indeterminate"
    assert case.value("contacts_traced") is False


def test_a_late_result_of_the_first_sample_makes_the_second_visit_superfluous(
    case: CaseUnderTest, lab_database: None
) -> None:
    # given a first sample that was given up, and a second visit that is due
    first_sample_given_up(case, "negative")
    case.waits_for("medical_visit")
    # when the lab gets to the first
    lab_gets_to(case.barcode)
    # then its result is told, nobody visits again, and the second kit is back
    case.waits_for("doctor_report")
    assert (case.value("lab_result"), case.value("lab_result_barcode")) == ("negative", case.barcode)
    assert "Event_EarlierResultBeforeSample" in case.visited()
    kits = Reservation.select().where(Reservation.case_reference == case.reference)
    assert [kit.sample_number for kit in kits] == [1]


def test_a_late_result_of_the_first_sample_while_the_second_is_tested(case: CaseUnderTest, lab_database: None) -> None:
    # given two samples at the lab
    first_sample_given_up(case, "positive")
    case.is_visited("negative", sample=2, after_s=3600)
    case.stands_at("Task_WaitForTestResult")
    # when the first one's result comes
    lab_gets_to(case.barcode)
    # then it is told, and the second test is cancelled
    case.waits_for("doctor_report")
    assert case.value("lab_result") == "positive"
    assert Order.get(Order.sample_barcode == case.barcode_of(2)).state == "cancelled"
    assert "Event_EarlierResultBeforeResult" in case.visited()


def test_an_inconclusive_late_result_of_the_first_sample_changes_nothing(
    case: CaseUnderTest, lab_database: None
) -> None:
    first_sample_given_up(case, "inconclusive")
    case.waits_for("medical_visit")

    lab_gets_to(case.barcode)

    eventually(lambda: FeedItem.get_or_none(FeedItem.case_reference == case.reference, FeedItem.acknowledged))
    case.is_visited("positive", sample=2)
    case.waits_for("doctor_report")
    assert case.value("lab_result") == "positive"


def test_a_result_that_comes_before_the_case_waits_for_it(case: CaseUnderTest, lab_database: None) -> None:
    # given a visit that is due
    case.reaches_the_visit()
    # when the lab is so quick, or the platform so slow, that the result is first
    barcode = case.barcode
    FeedItem.create(
        kind="result", case_reference=case.reference, sample_number=1, sample_barcode=barcode, status="final",
        result="negative",
    )  # fmt: skip
    case.is_visited("never")
    # then it is taken as soon as the case waits
    case.waits_for("doctor_report")
    assert case.value("lab_result") == "negative"


def test_the_same_result_twice_is_told_once(case: CaseUnderTest, lab_database: None, state: dict[str, Any]) -> None:
    case.is_told("positive")
    item = FeedItem.get(FeedItem.case_reference == case.reference)
    FeedItem.create(**{**item.__data__, "id": None, "acknowledged": False})

    eventually(
        lambda: not FeedItem.select().where(FeedItem.case_reference == case.reference, ~FeedItem.acknowledged).exists()
    )
    assert (case.value("result_number"), case.value("correction_number")) == (1, 0)
    case.waits_for("doctor_report")
