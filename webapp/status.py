"""In plain words: what the pre-screening advises, where the case stands, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from processes.cases import Case, current_steps
from processes.engine import Engine

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

STEPS = {
    "Task_RequestEvaluation": "We wait for you to request an evaluation.",
    "Task_FillInMedicalForm": "We wait for your medical form.",
    "Task_ReserveTestKit": "We reserve a test kit for you.",
    "Event_KitAskedAgain": "No test kit is left just now. We ask for one again and again.",
    "Task_VisitPatient": "The medical team will visit you and take a sample.",
    "Task_OrderLabTest": "Your sample is on its way to the laboratory.",
    "Task_WaitForTestResult": "The laboratory tests your sample.",
    "Task_WriteDoctorsReport": "A doctor writes your report.",
    "Task_ReviewCoronaCare": "Your care is completed. You may tell us how it was.",
}
ENDS = {
    "emergency_services": "You were referred to the emergency services.",
    "physician": "You were referred to a physician.",
    "self_monitoring": "You were advised to watch your symptoms.",
    "evaluation_declined": "You declined the evaluation. You can begin again at any time.",
    "evaluation_not_requested": "You didn't request an evaluation in time. You can begin again at any time.",
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


def status_of(engine: Engine, case: Case) -> Status:
    if "orientation" not in case.values:
        return Status(ASSESSING, assessing=True)
    if case.ended_at:
        return Status(ENDS[case.values["case_outcome"]], ended=True)
    steps = current_steps(engine, case)
    return Status(next((text for step, text in STEPS.items() if step in steps), BETWEEN_STEPS))
