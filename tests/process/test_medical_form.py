"""Step 5: a medical form that isn't returned."""

from __future__ import annotations

from camunda7.engine import EngineRefused
from records.outbox import Message
from tests.support.case import MEDICAL, WITH_COUGH, CaseUnderTest, eventually


def reach_medical_form(case: CaseUnderTest, **request: str) -> None:
    case.start(WITH_COUGH)
    case.request_evaluation(**request)
    case.wait_for_task("medical_form")


def test_after_24_hours_the_patient_is_reminded_once(case: CaseUnderTest, records: None) -> None:
    reach_medical_form(case)

    case.fire_timer("Event_MedicalFormReminder")

    eventually(lambda: Message.get_or_none(Message.key == f"{case.reference}/notify/medical_form_wanted/1"))
    assert case.jobs("Event_MedicalFormReminder") == []
    case.fill_in_medical_form()
    case.wait_for_task("medical_visit")


def test_after_72_hours_a_contact_tracer_may_fill_it_in_by_telephone(case: CaseUnderTest) -> None:
    # given
    reach_medical_form(case)
    assert case.groups_of("medical_form") == set()
    # when
    case.fire_timer("Task_FillInMedicalForm")
    # then contact tracers may claim the same task
    assert case.groups_of("medical_form") == {"contact-tracers"}
    case.complete_staff_task("contact_tracer", "medical_form", MEDICAL)
    case.wait_for_task("medical_visit")


def test_a_patient_who_has_only_a_telephone_is_called_at_once(case: CaseUnderTest) -> None:
    reach_medical_form(case, channel="telephone", email=None, phone="+44 20 7946 0958")

    assert case.groups_of("medical_form") == {"contact-tracers"}


def test_after_7_days_the_case_ends(case: CaseUnderTest) -> None:
    reach_medical_form(case)

    case.fire_timer("Event_MedicalFormExpired")

    assert case.wait_for_end().values["case_outcome"] == "medical_form_not_returned"


def test_a_form_that_is_sent_too_late_is_refused(case: CaseUnderTest) -> None:
    reach_medical_form(case)
    task = case.wait_for_task("medical_form")
    case.fire_timer("Event_MedicalFormExpired")
    case.wait_for_end()

    try:
        case.admin.submit(task.id, MEDICAL)
    except EngineRefused:
        return
    raise AssertionError("the engine accepted a form of a task that has ended")
