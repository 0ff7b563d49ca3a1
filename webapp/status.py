"""In plain words: what the pre-screening advises, where the case stands, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _

from processes.cases import Case
from records.waits import DAY_S, HOUR_S, MINUTE_S, REPORT, RESULT, VISIT, expected, in_units
from webapp.wording import duration

# what the algorithm's authors advise, by orientation, the gravest first: a title and its paragraphs
ISOLATE = _("Stay at home and keep apart from others until you know more.")
CALL_NOW = _(
    "Call the emergency number at once if you have trouble breathing, if you can't eat or drink for a day, "
    "or if an intolerable headache doesn't end with painkillers."
)
ADVICE = {
    "emergency": (
        _("Call the emergency services now"),
        (_("Your answers show signs of severe disease."), _("Call now; do not wait for anything on this page.")),
    ),
    "under_15": (
        _("Talk to a physician"),
        (_("This pre-screening is for people of 15 and over. Ask a physician at any doubt."), CALL_NOW),
    ),
    "evaluation_urgent": (
        _("You should be evaluated urgently"),
        (ISOLATE, _("If you get no consultation soon, call the emergency number."), CALL_NOW),
    ),
    "evaluation_needed_at_risk": (_("You should be evaluated"), (ISOLATE, CALL_NOW)),
    "evaluation_needed": (_("You should be evaluated"), (ISOLATE, CALL_NOW)),
    "evaluation_advised": (_("An evaluation is advised"), (ISOLATE, CALL_NOW)),
    "self_monitor": (
        _("Watch your symptoms"),
        (_("Your answers show no sign of COVID-19 now. Come back with any new symptom."), CALL_NOW),
    ),
}
CAN_NOT_WAIT = {"emergency", "evaluation_urgent"}


@dataclass(frozen=True)
class Step:
    """Where a case may stand, as its patient is told.

    Attributes:
        next: what comes then.
        wait: for what the patient waits, of records/waits.py.
    """

    text: str
    next: str = ""
    wait: tuple[str, str] | None = None


VISIT_NEXT = _("Next: the medical team visits you and takes a sample. It takes a few minutes.")
RESULT_NEXT = _("Next: we tell you the result, as soon as we have it.")
REPORT_NEXT = _("Next: you get the doctor's report, with advice for you.")
CORRECTED = Step(_("The laboratory has corrected a result. We look at your case again."))
# by element of the diagrams; the first that the case stands at is said
STEPS = {
    "Task_CallPatient": Step(_("Call the emergency number now; do not wait. A doctor will call you.")),
    "Task_RequestEvaluation": Step(
        _("We wait for you to request an evaluation."), _("Next: you fill in a medical form.")
    ),
    "Task_FillInMedicalForm": Step(_("We wait for your medical form."), VISIT_NEXT),
    "Gateway_WaitForKit": Step(_("No test kit is left just now. You are on the waiting list."), VISIT_NEXT, VISIT),
    "Task_ReserveTestKit": Step(_("We reserve a test kit for you."), VISIT_NEXT, VISIT),
    "Task_VisitPatient": Step(_("The medical team will visit you and take a sample."), RESULT_NEXT, VISIT),
    "Task_TakeSample": Step(_("We plan the visit of the medical team."), VISIT_NEXT, VISIT),
    "Task_OrderLabTest": Step(_("Your sample is on its way to the laboratory."), RESULT_NEXT, RESULT),
    "Task_WaitForTestResult": Step(_("The laboratory tests your sample."), RESULT_NEXT, RESULT),
    "Task_TestSample": Step(_("The laboratory works on your sample."), RESULT_NEXT, RESULT),
    "SubProcess_Correction": CORRECTED,
    "Task_CorrectCase": CORRECTED,
    "Task_TellResult": Step(_("Your result is there. We are about to tell you."), REPORT_NEXT),
    "Task_WriteDoctorsReport": Step(_("A doctor writes your report."), REPORT_NEXT, REPORT),
    "SubProcess_Report": Step(_("A doctor looks at your case."), REPORT_NEXT, REPORT),
    "Task_ReviewCoronaCare": Step(_("Your care is completed. You may tell us how it was.")),
    "Task_FillInCloseContacts": Step(_("Your care is completed. We wait for the list of your close contacts.")),
    "SubProcess_Tracing": Step(_("Your care is completed. Your close contacts are being told.")),
}
# where a patient may withdraw; while the evaluation is only offered, declining it is withdrawing
WITHDRAWABLE = {"Task_FillInMedicalForm", "Task_TakeSample", "Task_TestSample", "SubProcess_Report"}
WITHDRAWN = _("You have withdrawn. The laboratory still tests your sample; a positive result is reported.")
ENDS = {
    "emergency_services": _("You were referred to the emergency services."),
    "physician": _("You were referred to a physician."),
    "self_monitoring": _("You were advised to watch your symptoms."),
    "evaluation_declined": _("You declined the evaluation. You can begin again at any time."),
    "evaluation_not_requested": _("You didn't request an evaluation in time. You can begin again at any time."),
    "medical_form_not_returned": _("Your medical form didn't come in time. You can begin again at any time."),
    "not_reached": _("The medical team didn't find you at home. You can begin again at any time."),
    "sample_refused": _("You refused the sample. You can begin again at any time."),
    "withdrawn": _("You have withdrawn. You can begin again at any time."),
    "care_completed": _("Your care is completed."),
}
RESULTS = {
    "positive": _("Positive"),
    "negative": _("Negative"),
    "inconclusive": _("Not clear yet"),
    "unsatisfactory": _("Not clear yet"),
    "indeterminate": _("Not clear"),
    "entered_in_error": _("Withdrawn"),
}
# of the doctor's report
CLASSIFICATIONS = {
    "confirmed": _("COVID-19, confirmed"),
    "probable": _("COVID-19, probable"),
    "suspect": _("COVID-19, suspected"),
    "not_a_case": _("Not COVID-19"),
}
ASSESSING = _("We assess your answers.")
UNIT_NAMES = {MINUTE_S: "minute", HOUR_S: "hour", DAY_S: "day"}
BETWEEN_STEPS = _("Your case is being worked on.")


@dataclass(frozen=True)
class Wait:
    """Between which times it takes for 8 of 10, in words; `least` is empty where it may be at once."""

    least: str
    most: str


@dataclass(frozen=True)
class Status:
    """Where a case stands.

    Attributes:
        wait: how long that takes, if that is known.
    """

    text: str
    next: str = ""
    wait: Wait | None = None
    ended: bool = False
    assessing: bool = False


def advice_of(case: Case) -> tuple[str, tuple[str, ...]] | None:
    """What to do by the gravest of what the patient said; once a result is told, only what can't wait."""
    now = case.values.get("orientation_now")
    if case.values.get("result_told_at"):
        return ADVICE[now] if now in CAN_NOT_WAIT else None
    said = [orientation for orientation in (now, case.values.get("orientation")) if orientation in ADVICE]
    return ADVICE[min(said, key=list(ADVICE).index)] if said else None


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
    step = next((step for element, step in STEPS.items() if element in steps), Step(BETWEEN_STEPS))
    return Status(step.text, step.next, wait_for(step.wait) if step.wait else None)


def wait_for(stage: tuple[str, str]) -> Wait | None:
    """How long patients wait for this; None while too few have."""
    between = expected(stage)
    if between is None:
        return None
    return Wait(in_words(between.low_s) if between.low_s else "", in_words(between.high_s or MINUTE_S))


def in_words(seconds: float) -> str:
    """Whole minutes, hours or days."""
    count, unit = in_units(seconds)
    return duration(count, UNIT_NAMES[unit])
