"""A decision that fails on what a patient answered is no incident: the patient calls, and a doctor decides by hand."""

from __future__ import annotations

import pytest

from camunda7.engine import EngineRefused
from tests.support.case import MEDICAL, VISIT, WITH_COUGH, CaseUnderTest, eventually
from tests.support.days import days_ago

BY_HAND = {"date_of_birth": "1990-05-10", "weight_kg": 70, "height_cm": 175, "orientation": "evaluation_needed"}
PRIORITY = {"testing_priority": 70, "report_due_hours": 12}


def forgets(case: CaseUnderTest, name: str) -> None:
    """A variable is lost, as after a faulty change."""
    lost = {"modifications": {name: {"value": None, "type": "Null"}}}
    case.admin.post(f"/process-instance/{case.case().instance_id}/variables", lost)


@pytest.mark.parametrize(
    "wrong",
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
def test_answers_that_cannot_be_assessed_are_assessed_by_a_doctor(case: CaseUnderTest, wrong: dict) -> None:
    case.starts({**WITH_COUGH, **wrong})
    task = case.task("assess_by_hand")
    assert (case.groups_of("assess_by_hand"), task["priority"]) == ({"doctors"}, 120)
    assert case.incidents() == []
    case.staff_completes("doctor", "assess_by_hand", BY_HAND)
    case.requests_evaluation()
    case.fills_in_medical_form()
    case.waits_for("medical_visit")


def test_signs_that_cannot_be_assessed_are_assessed_by_a_doctor(case: CaseUnderTest) -> None:
    case.starts({"breathless": None, "unable_to_eat_or_drink": True}, emergency_signs_only=True)
    case.task("assess_by_hand")
    assert case.incidents() == []


def test_a_doctor_sets_the_priority_that_could_not_be_worked_out(case: CaseUnderTest) -> None:
    case.starts(WITH_COUGH)
    case.requests_evaluation()
    case.sends("medical_form", {**MEDICAL, "lives": None})
    assert case.task("set_priority_by_hand")["priority"] == 120
    assert case.incidents() == []
    case.staff_completes("doctor", "set_priority_by_hand", PRIORITY)
    assert case.task("medical_visit")["priority"] == 70


def test_a_risk_that_could_not_be_assessed_leads_to_a_doctor(case: CaseUnderTest) -> None:
    case.starts(WITH_COUGH)
    case.waits_for("evaluation_request")
    forgets(case, "diabetes")
    case.requests_evaluation()
    case.fills_in_medical_form()
    case.staff_completes("doctor", "set_priority_by_hand", PRIORITY)
    case.waits_for("medical_visit")
    assert case.incidents() == []


def test_symptoms_of_today_that_cannot_be_assessed_have_a_doctor_call(case: CaseUnderTest) -> None:
    case.reaches_the_visit()
    case.feels_worse(temperature=None)
    case.waits_for("worsening_call")
    assert case.incidents() == []
    case.staff_completes("doctor", "worsening_call", {"call_reached": "yes", "call_note": "Rests."})
    case.waits_for("medical_visit")


def test_a_priority_that_cannot_be_raised_has_a_doctor_call(case: CaseUnderTest) -> None:
    case.reaches_the_visit({**WITH_COUGH, "diabetes": True})
    forgets(case, "lives")
    case.feels_worse(temperature="at_least_39", cough=True, fatigue=True, bedridden_half_day=True)
    case.waits_for("worsening_call")
    assert (case.incidents(), case.value("orientation")) == ([], "evaluation_urgent")


@pytest.mark.parametrize("onset", [days_ago(-1), days_ago(181), "1989-01-01", "9999-12-31", "0001-01-01", "soon"])
def test_the_engine_refuses_an_implausible_day_whoever_sends_it(case: CaseUnderTest, onset: str) -> None:
    case.starts(WITH_COUGH)
    case.requests_evaluation()
    with pytest.raises(EngineRefused) as refused:
        case.sends("medical_form", {**MEDICAL, "onset_date": onset})
    assert refused.value.status == 400
    case.waits_for("medical_form")


def test_the_engine_refuses_a_sample_of_tomorrow(case: CaseUnderTest) -> None:
    case.reaches_the_visit()
    visit = {**VISIT, "sample_barcode": case.barcode, "sampling_time": f"{days_ago(-1)}T09:00+00:00"}
    with pytest.raises(EngineRefused):
        case.staff_completes("medical_team", "medical_visit", visit)


def test_who_feels_worse_before_a_doctor_has_assessed_them_is_no_incident(case: CaseUnderTest) -> None:
    """Today's answers can be assessed, and there is nothing to compare them with."""
    case.starts({**WITH_COUGH, "temperature": None})
    case.task("assess_by_hand")
    case.feels_worse(temperature="from_35_5_to_37_7", cough=True)
    eventually(lambda: case.value("orientation_now"))
    assert case.incidents() == []
    case.staff_completes("doctor", "assess_by_hand", BY_HAND)
    case.waits_for("evaluation_request")
