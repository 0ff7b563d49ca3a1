"""In plain words: what the pre-screening advises, where the case stands, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from processes.cases import Case

# what the algorithm's authors advise, by orientation: a title and its paragraphs
ISOLATE = "Stay at home and keep apart from others until you know more."
CALL_NOW = (
    "Call the emergency number at once if you have trouble breathing, if you can't eat or drink for a day, "
    "or if an intolerable headache doesn't end with painkillers."
)
ADVICE = {
    "emergency": (
        "Call the emergency services now",
        ("Your answers show signs of severe disease.", "Call now; do not wait for anything on this page."),
    ),
    "under_15": (
        "Talk to a physician",
        ("This pre-screening is for people of 15 and over. Ask a physician at any doubt.", CALL_NOW),
    ),
    "evaluation_urgent": (
        "You should be evaluated urgently",
        (ISOLATE, "If you get no consultation soon, call the emergency number.", CALL_NOW),
    ),
    "evaluation_needed_at_risk": ("You should be evaluated", (ISOLATE, CALL_NOW)),
    "evaluation_needed": ("You should be evaluated", (ISOLATE, CALL_NOW)),
    "evaluation_advised": ("An evaluation is advised", (ISOLATE, CALL_NOW)),
    "self_monitor": (
        "Watch your symptoms",
        ("Your answers show no sign of COVID-19 now. Come back with any new symptom.", CALL_NOW),
    ),
}

# by element of the diagrams; the first that the case stands at is said
STEPS = {
    "Task_CallPatient": "Call the emergency number now; do not wait. A doctor will call you.",
    "Task_RequestEvaluation": "We wait for you to request an evaluation.",
    "Task_FillInMedicalForm": "We wait for your medical form.",
    "Gateway_WaitForKit": "No test kit is left just now. You are on the waiting list, and are told of the visit.",
    "Task_ReserveTestKit": "We reserve a test kit for you.",
    "Task_VisitPatient": "The medical team will visit you and take a sample.",
    "Task_OrderLabTest": "Your sample is on its way to the laboratory.",
    "Task_WaitForTestResult": "The laboratory tests your sample.",
    "Task_WriteDoctorsReport": "A doctor writes your report.",
    "Task_ReviewCoronaCare": "Your care is completed. You may tell us how it was.",
    "Task_FillInCloseContacts": "Your care is completed. We wait for the list of your close contacts.",
    "SubProcess_Tracing": "Your care is completed. Your close contacts are being told.",
}
# where a patient may withdraw; while the evaluation is only offered, declining it is withdrawing
WITHDRAWABLE = {"Task_FillInMedicalForm", "Task_TakeSample", "Task_TestSample", "SubProcess_Report"}
WITHDRAWN = "You have withdrawn. The laboratory still tests your sample; a positive result is reported."
ENDS = {
    "emergency_services": "You were referred to the emergency services.",
    "physician": "You were referred to a physician.",
    "self_monitoring": "You were advised to watch your symptoms.",
    "evaluation_declined": "You declined the evaluation. You can begin again at any time.",
    "evaluation_not_requested": "You didn't request an evaluation in time. You can begin again at any time.",
    "medical_form_not_returned": "Your medical form didn't come in time. You can begin again at any time.",
    "not_reached": "The medical team didn't find you at home. You can begin again at any time.",
    "sample_refused": "You refused the sample. You can begin again at any time.",
    "withdrawn": "You have withdrawn. You can begin again at any time.",
    "care_completed": "Your care is completed.",
}
ASSESSING = "We assess your answers."
BETWEEN_STEPS = "Your case is being worked on."


@dataclass(frozen=True)
class Status:
    """Where a case stands."""

    text: str
    ended: bool = False
    assessing: bool = False


def status_of(case: Case, steps: set[str]) -> Status:
    """Where a case stands.

    Args:
        steps: ids of the elements at which it does; none when it has ended.
    """
    if "orientation" not in case.values:
        return Status(ASSESSING, assessing=True)
    if case.ended_at:
        return Status(ENDS.get(case.values.get("case_outcome", ""), BETWEEN_STEPS), ended=True)
    if case.values.get("withdrawn"):
        return Status(WITHDRAWN)
    return Status(next((text for step, text in STEPS.items() if step in steps), BETWEEN_STEPS))
