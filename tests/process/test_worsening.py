""" "I feel worse": triage again, without interrupting the case."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from processes import cases
from records.outbox import Message
from services.lab.models import Order, Waiting
from tests.support.case import NO_SYMPTOMS, WITH_COUGH, CaseUnderTest, eventually
from tests.support.days import days_ago

# by e-mail and SMS
DOCTORS = ("dana@doctors.example", "+44 7700 900601", "darius@doctors.example", "+44 7700 900602")
MANAGER = "paula@managers.example"
URGENT = {"temperature": "at_least_39", "cough": True, "fatigue": True, "bedridden_half_day": True}
AT_RISK = {**WITH_COUGH, "diabetes": True}
EXPOSED = {**NO_SYMPTOMS, "recent_exposure": "yes", "last_exposure_date": days_ago(8)}


def test_a_higher_orientation_raises_the_priority_of_the_visit(case: CaseUnderTest) -> None:
    # given a patient at risk whose visit is due
    case.reach_visit(AT_RISK)
    assert case.task("medical_visit")["priority"] == 80
    # when they have a high fever and can't get up
    case.report_worsening(**URGENT)
    # then the visit is urgent
    eventually(lambda: case.task("medical_visit")["priority"] == 90)
    shown = case.card("medical_visit")
    assert (shown["alert"], shown["priority"]) == ("Feels worse: evaluation urgent", "urgent")
    assert (case.value("orientation"), case.value("orientation_now")) == ("evaluation_urgent", "evaluation_urgent")
    case.record_visit("negative")
    case.wait_for_task("doctor_report")


def test_new_symptoms_of_an_exposed_patient_raise_the_priority(case: CaseUnderTest) -> None:
    case.reach_visit(EXPOSED)
    assert case.task("medical_visit")["priority"] == 20

    case.report_worsening(cough=True)

    eventually(lambda: case.task("medical_visit")["priority"] == 50)


def test_worsening_raises_the_priority_of_the_lab_order(case: CaseUnderTest, lab_database: None) -> None:
    case.reach_visit(AT_RISK)
    case.record_visit("negative", after_s=3600)
    case.wait_until_at("Task_WaitForTestResult")

    case.report_worsening(**URGENT)

    eventually(lambda: Order.get(Order.case_reference == case.reference).priority == 90)
    assert not Waiting.select().where(Waiting.case_reference == case.reference).exists()


def test_worsening_before_the_medical_form_counts_for_the_priority(case: CaseUnderTest) -> None:
    case.start(AT_RISK)
    case.wait_for_task("evaluation_request")

    case.report_worsening(**URGENT)

    eventually(lambda: case.value("orientation") == "evaluation_urgent")
    case.request_evaluation()
    case.fill_in_medical_form()
    assert case.task("medical_visit")["priority"] == 90


def test_symptoms_that_are_no_worse_change_nothing(case: CaseUnderTest) -> None:
    case.reach_visit(AT_RISK)

    case.report_worsening(cough=True)

    eventually(lambda: "Event_NotWorse" in case.visited_nodes())
    assert case.task("medical_visit")["priority"] == 80


def alerts(case: CaseUnderTest) -> set[tuple[str, str]]:
    """Template and recipient of the messages to staff about the case."""
    found = Message.select().where(
        Message.key.startswith(f"{case.reference}/"), Message.template.startswith("patient_call")
    )
    return {(message.template, message.recipient) for message in found}


def test_in_an_emergency_a_doctor_calls(case: CaseUnderTest, records: None) -> None:
    # given
    case.reach_visit()
    # when the patient is breathless
    case.report_worsening(breathless=True)
    # then a doctor's call has the highest priority, and the case continues in parallel
    call = case.task("worsening_call")
    assert call["priority"] == 120
    assert case.groups_of("worsening_call") == {"doctors"}
    assert case.value("orientation_now") == "emergency"
    # and the visit shows it
    warning = "EMERGENCY: the patient feels worse"
    assert (case.card("medical_visit")["alert"], case.facts("medical_visit")["Now"]) == (warning, warning)
    assert "breathless" in case.facts("worsening_call")["Symptoms"]
    # the doctors on duty are alerted at once, again while none has claimed the call, and then the managers
    assert eventually(lambda: alerts(case)) == {("patient_call", doctor) for doctor in DOCTORS}
    case.fire_timer("Event_CallUnclaimed")
    case.fire_timer("Event_CallOverdue")
    repeated = {("patient_call_unclaimed", doctor) for doctor in DOCTORS}
    expected = {*repeated, ("patient_call_escalated", MANAGER)}
    eventually(lambda: alerts(case) >= expected, lambda: f"only {alerts(case)}: {case.describe()}")
    case.complete_staff_task("doctor", "worsening_call", {"call_reached": "yes", "call_note": "Goes to hospital."})
    eventually(lambda: "Event_PatientCalled" in case.visited_nodes())
    case.record_visit("negative")
    case.wait_for_task("doctor_report")


def test_once_a_doctor_has_claimed_the_call_no_further_alerts_are_sent(case: CaseUnderTest, records: None) -> None:
    case.reach_visit()
    case.report_worsening(breathless=True)
    task = case.wait_for_task("worsening_call")
    case.engine_as("doctor").post(f"/task/{task.id}/claim", {"userId": "doctor"})
    for timer, end in (("Event_CallUnclaimed", "Event_CallRepeated"), ("Event_CallOverdue", "Event_CallEscalated")):
        case.fire_timer(timer)
        eventually(
            lambda end=end: end in case.visited_nodes() and end not in cases.current_steps(case.admin, case.case())
        )
    assert {template for template, _ in eventually(lambda: alerts(case))} == {"patient_call"}


def test_each_worsening_alerts_the_doctors_on_duty(case: CaseUnderTest, records: None) -> None:
    case.reach_visit()
    for _ in range(2):
        case.report_worsening(breathless=True)
    eventually(lambda: Message.select().where(Message.key.startswith(f"{case.reference}/announce_call/")).count() == 8)


def test_concurrent_repetitions_of_a_message_take_effect_once(case: CaseUnderTest) -> None:
    case.reach_visit()
    worse = {**NO_SYMPTOMS, "breathless": True}

    def send(number: int) -> None:
        case.admin.correlate("symptoms_worsened", case.reference, worse, key=f"{case.reference}/worse/1")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(8)))

    query = {"activityId": "Event_SymptomsWorsened", "processInstanceId": case.instance_id}
    assert case.admin.post("/history/activity-instance/count", query)["count"] == 1


def test_an_ended_case_has_no_event_subscription_for_worsening(case: CaseUnderTest) -> None:
    """The patient's page offers a new pre-screening instead."""
    case.start({**NO_SYMPTOMS, "breathless": True})
    case.wait_for_end()

    query = {"eventName": "symptoms_worsened", "processInstanceId": case.instance_id}
    assert case.admin.get("/event-subscription", **query) == []
