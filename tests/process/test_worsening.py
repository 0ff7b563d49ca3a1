""" "I feel worse": triage again, without interrupting the case."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from processes import cases
from records.outbox import Message
from services.lab.models import Order, Waiting
from tests.support.case import NO_SYMPTOMS, WITH_COUGH, CaseUnderTest, eventually
from tests.support.days import days_ago

DOCTORS, MANAGER = ("dana@doctors.example", "darius@doctors.example"), "paula@managers.example"
URGENT = {"temperature": "at_least_39", "cough": True, "fatigue": True, "bedridden_half_day": True}
AT_RISK = {**WITH_COUGH, "diabetes": True}
EXPOSED = {**NO_SYMPTOMS, "recent_exposure": "yes", "last_exposure_date": days_ago(8)}


def test_a_higher_orientation_raises_the_priority_of_the_visit(case: CaseUnderTest) -> None:
    # given a patient at risk whose visit is due
    case.reaches_the_visit(AT_RISK)
    assert case.task("medical_visit")["priority"] == 80
    # when they have a high fever and can't get up
    case.feels_worse(**URGENT)
    # then the visit is urgent
    eventually(lambda: case.task("medical_visit")["priority"] == 90)
    assert (case.value("orientation"), case.value("orientation_now")) == ("evaluation_urgent", "evaluation_urgent")
    case.is_visited("negative")
    case.waits_for("doctor_report")


def test_who_was_only_exposed_and_now_has_symptoms_goes_up(case: CaseUnderTest) -> None:
    case.reaches_the_visit(EXPOSED)
    assert case.task("medical_visit")["priority"] == 20

    case.feels_worse(cough=True)

    eventually(lambda: case.task("medical_visit")["priority"] == 50)


def test_the_lab_puts_the_test_of_a_patient_who_feels_worse_before_others(
    case: CaseUnderTest, lab_database: None
) -> None:
    case.reaches_the_visit(AT_RISK)
    case.is_visited("negative", after_s=3600)
    case.stands_at("Task_WaitForTestResult")

    case.feels_worse(**URGENT)

    eventually(lambda: Order.get(Order.case_reference == case.reference).priority == 90)
    assert not Waiting.select().where(Waiting.case_reference == case.reference).exists()


def test_before_the_priority_is_set_the_worse_symptoms_count_for_it(case: CaseUnderTest) -> None:
    case.starts(AT_RISK)
    case.waits_for("evaluation_request")

    case.feels_worse(**URGENT)

    eventually(lambda: case.value("orientation") == "evaluation_urgent")
    case.requests_evaluation()
    case.fills_in_medical_form()
    assert case.task("medical_visit")["priority"] == 90


def test_no_worse_than_before_changes_nothing(case: CaseUnderTest) -> None:
    case.reaches_the_visit(AT_RISK)

    case.feels_worse(cough=True)

    eventually(lambda: "Event_NotWorse" in case.visited())
    assert case.task("medical_visit")["priority"] == 80


def alerts(case: CaseUnderTest) -> set[tuple[str, str]]:
    """Template and recipient of the messages to staff about the case."""
    found = Message.select().where(
        Message.key.startswith(f"{case.reference}/"), Message.template.startswith("patient_call")
    )
    return {(message.template, message.recipient) for message in found}


def test_in_an_emergency_a_doctor_calls(case: CaseUnderTest, records: None) -> None:
    # given
    case.reaches_the_visit()
    # when the patient is breathless
    case.feels_worse(breathless=True)
    # then a doctor is to call before anything else, and the case goes on beside it
    call = case.task("worsening_call")
    assert call["priority"] == 120
    assert case.groups_of("worsening_call") == {"doctors"}
    assert case.value("orientation_now") == "emergency"
    case.waits_for("medical_visit")
    # the doctors on duty are alerted at once, again while none has claimed the call, and then the managers
    assert eventually(lambda: alerts(case)) == {("patient_call", doctor) for doctor in DOCTORS}
    case.timer_falls_due("Event_CallUnclaimed")
    case.timer_falls_due("Event_CallOverdue")
    repeated = {("patient_call_unclaimed", doctor) for doctor in DOCTORS}
    expected = {*repeated, ("patient_call_escalated", MANAGER)}
    eventually(lambda: alerts(case) >= expected, lambda: f"only {alerts(case)}: {case.describe()}")
    case.staff_completes("doctor", "worsening_call", {"call_reached": "yes", "call_note": "Goes to hospital."})
    eventually(lambda: "Event_PatientCalled" in case.visited())
    case.is_visited("negative")
    case.waits_for("doctor_report")


def test_once_a_doctor_has_claimed_the_call_no_one_else_is_alerted(case: CaseUnderTest, records: None) -> None:
    case.reaches_the_visit()
    case.feels_worse(breathless=True)
    task = case.waits_for("worsening_call")
    case.account("doctor").post(f"/task/{task.id}/claim", {"userId": "doctor"})
    for timer, end in (("Event_CallUnclaimed", "Event_CallRepeated"), ("Event_CallOverdue", "Event_CallEscalated")):
        case.timer_falls_due(timer)
        eventually(lambda end=end: end in case.visited() and end not in cases.current_steps(case.admin, case.case()))
    assert {template for template, _ in eventually(lambda: alerts(case))} == {"patient_call"}


def test_each_time_that_a_patient_feels_worse_is_announced(case: CaseUnderTest, records: None) -> None:
    case.reaches_the_visit()
    for _ in range(2):
        case.feels_worse(breathless=True)
    eventually(lambda: Message.select().where(Message.key.startswith(f"{case.reference}/announce_call/")).count() == 4)


def test_what_comes_again_and_again_at_once_counts_once(case: CaseUnderTest) -> None:
    case.reaches_the_visit()
    worse = {**NO_SYMPTOMS, "breathless": True}

    def send(number: int) -> None:
        case.admin.correlate("symptoms_worsened", case.reference, worse, key=f"{case.reference}/worse/1")

    with ThreadPoolExecutor(8) as networks:
        list(networks.map(send, range(8)))

    query = {"activityId": "Event_SymptomsWorsened", "processInstanceId": case.instance_id}
    assert case.admin.post("/history/activity-instance/count", query)["count"] == 1


def test_after_the_end_nobody_listens(case: CaseUnderTest) -> None:
    """The patient's page offers a new pre-screening instead."""
    case.starts({**NO_SYMPTOMS, "breathless": True})
    case.ends()

    query = {"eventName": "symptoms_worsened", "processInstanceId": case.instance_id}
    assert case.admin.get("/event-subscription", **query) == []
