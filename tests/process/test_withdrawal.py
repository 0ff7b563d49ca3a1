"""Withdrawal: before sampling it ends the case; after sampling only a positive result is registered."""

from __future__ import annotations

import os
import random
import threading
import time
from typing import Any

import pytest
import requests

from services.lab.models import FeedItem, Reservation, Waiting
from tests.support.case import WITH_COUGH, CaseUnderTest, eventually
from tests.support.laboratory import finish_lab_test
from tests.support.tier import rounds

# a race condition occurs only in some of the rounds
ROUNDS = 60 if os.environ.get("FAULTS") else 1


def is_registered(case: CaseUnderTest) -> bool:
    try:
        case.get_from_government(f"/v1/cases/{case.reference}")
    except requests.HTTPError:
        return False
    return True


def has_kit(case: CaseUnderTest) -> bool:
    return Reservation.select().where(Reservation.case_reference == case.reference).exists()


def test_withdrawal_before_the_medical_form_ends_the_case(case: CaseUnderTest, records: None) -> None:
    case.start(WITH_COUGH)
    case.request_evaluation()
    case.wait_for_task("medical_form")

    case.withdraw()

    assert case.wait_for_end().values["case_outcome"] == "withdrawn"
    assert eventually(case.kpi_row)["outcome"] == "withdrawn"


def test_withdrawal_before_the_visit_returns_the_kit(case: CaseUnderTest, lab_database: None) -> None:
    case.reach_visit()
    assert has_kit(case)

    case.withdraw()

    assert case.wait_for_end().values["case_outcome"] == "withdrawn"
    assert not has_kit(case)


@pytest.mark.parametrize("_round", range(rounds(test=2, verify=5)))
def test_withdrawal_during_the_kit_reservation_leaves_no_reservation(
    case: CaseUnderTest, lab_database: None, _round: int
) -> None:
    """Whether the worker or the patient is first, no kit stays reserved for an ended case."""
    case.start(WITH_COUGH)
    case.request_evaluation()
    case.wait_for_task("medical_form")
    withdrawing = threading.Thread(target=case.withdraw)

    case.fill_in_medical_form()
    withdrawing.start()

    withdrawing.join(60)
    assert case.wait_for_end().values["case_outcome"] == "withdrawn"
    eventually(lambda: not has_kit(case))
    assert not Waiting.select().where(Waiting.case_reference == case.reference).exists()
    assert case.incidents() == []


def test_a_late_kit_reservation_of_a_withdrawn_case_is_refused(case: CaseUnderTest) -> None:
    """The request was sent before the case ended."""
    case.reach_visit()
    case.withdraw()
    case.wait_for_end()

    body = {"case_reference": case.reference, "sample_number": 1, "priority": 40}
    with pytest.raises(requests.HTTPError) as refused:
        case.call_lab("POST", "/v1/kits/reservations", body)
    assert refused.value.response.json()["code"] == "case_released"


@pytest.mark.parametrize(("finding", "registered"), [("positive", True), ("negative", False), ("inconclusive", False)])
def test_withdrawal_after_sampling_waits_for_the_result_and_registers_only_a_positive(
    case: CaseUnderTest, lab_database: None, finding: str, registered: bool
) -> None:
    # given a sample at the lab
    case.reach_visit()
    case.record_visit(finding, after_s=3600)
    case.wait_until_at("Task_WaitForTestResult")
    # when the patient withdraws
    case.withdraw()
    # then the case waits for the result
    case.wait_until_at("Task_WaitForTestResult")
    finish_lab_test(case.barcode)
    # and only a positive one is registered: without notification, contact tracing and another sample
    assert case.wait_for_end().values["case_outcome"] == "withdrawn"
    assert is_registered(case) is registered
    assert not case.visited_nodes() & {"Task_TellResult", "Task_TraceContacts", "Task_WriteDoctorsReport"}
    assert case.value("sample_number") == 1


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_withdrawal_at_the_same_time_as_the_result_takes_effect(
    case: CaseUnderTest, lab_database: None, _round: int
) -> None:
    """A confirmed withdrawal isn't lost when the engine correlates both messages concurrently."""
    case.reach_visit()
    case.record_visit("negative", after_s=3600)
    case.wait_until_at("Task_WaitForTestResult")
    # a parallel branch, with which the engine accepts both messages without an OptimisticLockingException
    case.report_worsening(breathless=True)
    case.wait_for_task("worsening_call")
    both, result = threading.Barrier(2, timeout=60), {"lab_result": "negative", "lab_result_id": 0}
    lab = threading.Thread(target=lambda: (both.wait(), case.correlate_message("lab_result_received", result)))
    lab.start()
    both.wait()
    # the engine continues from the result in an asynchronous job
    time.sleep(random.uniform(0, 0.1))
    case.withdraw()
    lab.join(60)
    # free the laboratory for other tests
    finish_lab_test(case.barcode)
    case.complete_staff_task("doctor", "worsening_call", {"call_reached": "yes"})
    assert case.wait_for_end().values["case_outcome"] == "withdrawn"


def test_withdrawal_before_the_report_does_not_stop_tracing(case: CaseUnderTest) -> None:
    case.reach_report("positive")
    case.wait_for_task("close_contacts")

    case.withdraw()

    eventually(lambda: "Event_WithdrawnWithoutReport" in case.visited_nodes())
    case.submit_form("close_contacts", {"had_contacts": "no"})
    assert case.wait_for_end().values["case_outcome"] == "withdrawn"
    assert is_registered(case)


def test_a_late_positive_result_of_a_withdrawn_case_is_registered(
    case: CaseUnderTest, lab_database: None, state: dict[str, Any]
) -> None:
    # given a patient who withdrew after an inconclusive sample, before the second visit
    case.reach_visit()
    case.record_visit("inconclusive")
    eventually(lambda: case.value("sample_number") == 2)
    case.wait_for_task("medical_visit")
    case.withdraw()
    case.wait_for_end()
    assert not is_registered(case)
    # when the lab corrects the first sample's result to positive
    case.correct_lab_result("positive")
    # then it is registered, as the law requires, and the patient isn't notified
    eventually(lambda: is_registered(case))
    assert case.wait_for_end().values["case_outcome"] == "withdrawn"
    assert "Task_TellResult" not in case.visited_nodes()
    eventually(
        lambda: not FeedItem.select().where(FeedItem.case_reference == case.reference, ~FeedItem.acknowledged).exists()
    )
