"""A decision that fails on a patient's answers creates a task for a doctor instead of an incident."""

from __future__ import annotations

import pytest

from camunda7.engine import EngineRefused
from tests.support.case import MEDICAL, VISIT, WITH_COUGH, CaseUnderTest, eventually
from tests.support.days import days_ago

ASSESSMENT = {"date_of_birth": "1990-05-10", "weight_kg": 70, "height_cm": 175, "orientation": "evaluation_needed"}
PRIORITY = {"testing_priority": 70, "report_due_hours": 12}


def clear_variable(case: CaseUnderTest, name: str) -> None:
    """Set a variable to null, as a faulty change of the process would."""
    body = {"modifications": {name: {"value": None, "type": "Null"}}}
    case.admin.post(f"/process-instance/{case.case().instance_id}/variables", body)


@pytest.mark.parametrize(
    "invalid",
    [
        {"date_of_birth": days_ago(-1)},
        {"date_of_birth": "0001-01-01"},
        {"date_of_birth": "no day"},
        {"height_cm": 0},
        {"temperature": None},
        {"cough": None},
    ],
    ids=str,
)
def test_answers_that_cannot_be_assessed_are_assessed_by_a_doctor(case: CaseUnderTest, invalid: dict) -> None:
    case.start({**WITH_COUGH, **invalid})
    task = case.task("assess_by_hand")
    assert (case.groups_of("assess_by_hand"), task["priority"]) == ({"doctors"}, 120)
    assert case.incidents() == []
    case.complete_staff_task("doctor", "assess_by_hand", ASSESSMENT)
    case.request_evaluation()
    case.fill_in_medical_form()
    case.wait_for_task("medical_visit")


def test_emergency_signs_that_cannot_be_assessed_are_assessed_by_a_doctor(case: CaseUnderTest) -> None:
    case.start({"breathless": None, "unable_to_eat_or_drink": True}, emergency_signs_only=True)
    case.task("assess_by_hand")
    assert case.incidents() == []


def test_a_priority_that_cannot_be_computed_is_set_by_a_doctor(case: CaseUnderTest) -> None:
    case.start(WITH_COUGH)
    case.request_evaluation()
    case.submit_form("medical_form", {**MEDICAL, "lives": None})
    assert case.task("set_priority_by_hand")["priority"] == 120
    assert case.incidents() == []
    case.complete_staff_task("doctor", "set_priority_by_hand", PRIORITY)
    assert case.task("medical_visit")["priority"] == 70


def test_after_a_risk_that_cannot_be_assessed_a_doctor_sets_the_priority(case: CaseUnderTest) -> None:
    case.start(WITH_COUGH)
    case.wait_for_task("evaluation_request")
    clear_variable(case, "diabetes")
    case.request_evaluation()
    case.fill_in_medical_form()
    case.complete_staff_task("doctor", "set_priority_by_hand", PRIORITY)
    case.wait_for_task("medical_visit")
    assert case.incidents() == []


def test_for_worsened_symptoms_that_cannot_be_assessed_a_doctor_calls(case: CaseUnderTest) -> None:
    case.reach_visit()
    case.report_worsening(temperature=None)
    case.wait_for_task("worsening_call")
    assert case.incidents() == []
    case.complete_staff_task("doctor", "worsening_call", {"call_reached": "yes", "call_note": "Rests."})
    case.wait_for_task("medical_visit")


def test_for_a_priority_that_cannot_be_raised_a_doctor_calls(case: CaseUnderTest) -> None:
    case.reach_visit({**WITH_COUGH, "diabetes": True})
    clear_variable(case, "lives")
    case.report_worsening(temperature="at_least_39", cough=True, fatigue=True, bedridden_half_day=True)
    case.wait_for_task("worsening_call")
    assert (case.incidents(), case.value("orientation")) == ([], "evaluation_urgent")


@pytest.mark.parametrize("onset", [days_ago(-1), days_ago(181), "1989-01-01", "9999-12-31", "0001-01-01", "soon"])
def test_the_engine_refuses_an_implausible_onset_date(case: CaseUnderTest, onset: str) -> None:
    case.start(WITH_COUGH)
    case.request_evaluation()
    with pytest.raises(EngineRefused) as refused:
        case.submit_form("medical_form", {**MEDICAL, "onset_date": onset})
    assert refused.value.status == 400
    case.wait_for_task("medical_form")


def test_the_engine_refuses_a_sampling_time_in_the_future(case: CaseUnderTest) -> None:
    case.reach_visit()
    visit = {**VISIT, "sample_barcode": case.barcode, "sampling_time": f"{days_ago(-1)}T09:00+00:00"}
    with pytest.raises(EngineRefused):
        case.complete_staff_task("medical_team", "medical_visit", visit)


def test_worsening_before_the_doctors_assessment_creates_no_incident(case: CaseUnderTest) -> None:
    """Today's answers can be assessed, but there is no earlier orientation to compare theirs with."""
    case.start({**WITH_COUGH, "temperature": None})
    case.task("assess_by_hand")
    case.report_worsening(temperature="from_35_5_to_37_7", cough=True)
    eventually(lambda: case.value("orientation_now"))
    assert case.incidents() == []
    case.complete_staff_task("doctor", "assess_by_hand", ASSESSMENT)
    case.wait_for_task("evaluation_request")
