"""Step 5: a medical form that isn't returned."""

from __future__ import annotations

from camunda7.engine import EngineRefused
from records.outbox import Message
from tests.support.case import MEDICAL, WITH_COUGH, CaseUnderTest, eventually


def reach_medical_form(case: CaseUnderTest, **request: str) -> None:
    case.starts(WITH_COUGH)
    case.requests_evaluation(**request)
    case.waits_for("medical_form")


def test_after_24_hours_the_patient_is_reminded_once(case: CaseUnderTest, records: None) -> None:
    reach_medical_form(case)

    case.timer_falls_due("Event_MedicalFormReminder")

    eventually(lambda: Message.get_or_none(Message.key == f"{case.reference}/notify/medical_form_wanted/1"))
    assert case.jobs("Event_MedicalFormReminder") == []
    case.fills_in_medical_form()
    case.waits_for("medical_visit")


def test_after_72_hours_a_contact_tracer_may_fill_it_in_by_telephone(case: CaseUnderTest) -> None:
    # given
    reach_medical_form(case)
    assert case.groups_of("medical_form") == set()
    # when
    case.timer_falls_due("Task_FillInMedicalForm")
    # then contact tracers may claim the same task
    assert case.groups_of("medical_form") == {"contact-tracers"}
    case.staff_completes("contact_tracer", "medical_form", MEDICAL)
    case.waits_for("medical_visit")


def test_a_patient_who_has_only_a_telephone_is_called_at_once(case: CaseUnderTest) -> None:
    reach_medical_form(case, channel="telephone", email=None, phone="+44 20 7946 0958")

    assert case.groups_of("medical_form") == {"contact-tracers"}


def test_after_7_days_the_case_ends(case: CaseUnderTest) -> None:
    reach_medical_form(case)

    case.timer_falls_due("Event_MedicalFormExpired")

    assert case.ends().values["case_outcome"] == "medical_form_not_returned"


def test_a_form_that_is_sent_too_late_is_refused(case: CaseUnderTest) -> None:
    reach_medical_form(case)
    task = case.waits_for("medical_form")
    case.timer_falls_due("Event_MedicalFormExpired")
    case.ends()

    try:
        case.admin.submit(task.id, MEDICAL)
    except EngineRefused:
        return
    raise AssertionError("the engine accepted a form of a task that has ended")
