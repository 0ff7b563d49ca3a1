"""Texts of a case for its patient: advice of the pre-screening, status and outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from flask_babel import lazy_gettext as _

from kpi.waits import DAY_S, HOUR_S, MINUTE_S, REPORT, RESULT, VISIT, forecast_wait, to_units
from processes.cases import Case
from processes.elements import (
    BusinessRuleTask,
    CallActivity,
    EventBasedGateway,
    ReceiveTask,
    ServiceTask,
    SubProcess,
    UserTask,
)
from webapp.formatting import Unit, duration

# (title, paragraphs) by orientation, the most severe first, as the authors of the algorithm advise
ISOLATE = _("Stay at home and away from other people until you know more.")
CALL_NOW = _(
    "Call the emergency number straight away if you have trouble breathing, haven't been able to eat or drink "
    "for 24 hours, or have a severe headache that painkillers don't help."
)
Advice = tuple[str, tuple[str, ...]]
# an emergency has a page of its own: webapp/templates/emergency.html
EMERGENCY = "emergency"
ADVICE: dict[str, Advice] = {
    "under_15": (
        _("Talk to a doctor"),
        (
            _("This symptom check is for people aged 15 and over. If you're not sure what to do, ask a doctor."),
            CALL_NOW,
        ),
    ),
    "evaluation_urgent": (
        _("You need to be seen urgently"),
        (ISOLATE, _("If no one can see you soon, call the emergency number."), CALL_NOW),
    ),
    "evaluation_needed_at_risk": (_("You need a test"), (ISOLATE, CALL_NOW)),
    "evaluation_needed": (_("You need a test"), (ISOLATE, CALL_NOW)),
    "evaluation_advised": (_("We recommend that you get a test"), (ISOLATE, CALL_NOW)),
    "self_monitor": (
        _("Watch your symptoms"),
        (_("Your answers show no sign of COVID-19 at the moment. If you get any new symptoms, check again."), CALL_NOW),
    ),
}
URGENT = "evaluation_urgent"
# for cases without an evaluation, and cases whose result is known
SEE_A_DOCTOR: Advice = (
    _("See a doctor today"),
    (_("Your answers show that a doctor should see you today. Call your doctor now."), CALL_NOW),
)
WAIT_FOR_RESULT: Advice = (_("While you wait for your result"), (ISOLATE, CALL_NOW))
LOOK_AFTER_YOURSELF: Advice = (
    _("Look after yourself"),
    (_("Stay away from other people while you have symptoms."), CALL_NOW),
)
DOCTOR_CALLS = _("A doctor will also call you. Don't wait for their call.")
NO_NUMBER = _("We don't have a phone number for you, so our doctors can't call you. Please make this call yourself.")
SIGNS = _("Your symptoms may be serious.")
TEAM_CALLED = _(
    "Our medical team called the emergency services when they visited you. If help hasn't arrived, call again."
)


@dataclass(frozen=True)
class Step:
    """Text of an activity, for patients whose case is there.

    Attributes:
        next: text on what follows.
        wait: the stage of kpi/waits.py whose duration is forecast.
        by_phone: replaces the text for patients who are only reached by telephone; empty if it is the same.
        is_brief: the engine leaves the activity within seconds.
    """

    text: str
    next: str = ""
    wait: tuple[str, str] | None = None
    by_phone: str = ""
    is_brief: bool = False


VISIT_NEXT = _("Next: the medical team will visit you and take a sample. It takes a few minutes.")
RESULT_NEXT = _("Next: we'll tell you the result as soon as we have it.")
REPORT_NEXT = _("Next: you'll get the doctor's report, with advice for you.")
PLANNING = Step(_("We're planning your visit."), VISIT_NEXT, VISIT)
CHECKING = Step(_("We're checking your answers."), is_brief=True)
CORRECTED = Step(_("The lab has corrected a result. We're looking at your case again."))
NOT_ASSESSED = _("We couldn't assess your answers")
TESTING_STEPS = {ServiceTask.ORDER_LAB_TEST, ReceiveTask.WAIT_FOR_TEST_RESULT, CallActivity.TEST_SAMPLE}
REPORT_STEPS = {SubProcess.REPORT, SubProcess.CORRECTION, ServiceTask.CORRECT_CASE}
# by id of the BPMN element; of a case with several current activities the first in this order counts
STEPS: dict[str, Step] = {
    UserTask.ASSESS_BY_HAND: Step(NOT_ASSESSED),
    UserTask.SET_PRIORITY_BY_HAND: Step(NOT_ASSESSED),
    BusinessRuleTask.ASSESS_WORSENING: CHECKING,
    UserTask.REQUEST_EVALUATION: Step(
        _("You can ask for a home visit with a test, and for a doctor's report."),
        _("Next: you'll fill in a medical form."),
    ),
    UserTask.FILL_IN_MEDICAL_FORM: Step(
        _("Please fill in your medical form."),
        VISIT_NEXT,
        by_phone=_("We'll call you to fill in your medical form with you. You can also fill it in here."),
    ),
    BusinessRuleTask.ASSESS_RISK: PLANNING,
    BusinessRuleTask.SET_PRIORITY: PLANNING,
    # without a forecast: past waits say nothing about when a kit arrives
    EventBasedGateway.WAIT_FOR_KIT: Step(
        _("There are no test kits left at the moment. You're on the waiting list."), VISIT_NEXT
    ),
    ServiceTask.RESERVE_TEST_KIT: Step(_("We're reserving a test kit for you."), VISIT_NEXT, VISIT),
    UserTask.VISIT_PATIENT: Step(_("The medical team will visit you and take a sample."), RESULT_NEXT, VISIT),
    CallActivity.TAKE_SAMPLE: PLANNING,
    ServiceTask.ORDER_LAB_TEST: Step(_("Your sample is on its way to the lab."), RESULT_NEXT, RESULT),
    ReceiveTask.WAIT_FOR_TEST_RESULT: Step(_("The lab is testing your sample."), RESULT_NEXT, RESULT),
    CallActivity.TEST_SAMPLE: Step(_("The lab is testing your sample."), RESULT_NEXT, RESULT),
    ServiceTask.RELEASE_CASE: Step(_("The lab has a result from an earlier sample."), RESULT_NEXT),
    SubProcess.CORRECTION: CORRECTED,
    ServiceTask.CORRECT_CASE: CORRECTED,
    ServiceTask.TELL_RESULT: Step(_("Your result has arrived. It will be on this page in a moment."), REPORT_NEXT),
    UserTask.WRITE_DOCTORS_REPORT: Step(_("A doctor is writing your report."), REPORT_NEXT, REPORT),
    SubProcess.REPORT: Step(_("A doctor is looking at your case."), REPORT_NEXT, REPORT),
    UserTask.REVIEW_CORONA_CARE: Step(_("Your doctor's report is on this page. You can tell us how we did.")),
    UserTask.FILL_IN_CLOSE_CONTACTS: Step(
        _("Please tell us who your close contacts are."),
        _("Next: the health authority will contact them without giving your name."),
        by_phone=_("We'll call you to ask about your close contacts. You can also list them here."),
    ),
    ServiceTask.CHECK_CONTACTS: Step(_("We're checking your list of contacts."), is_brief=True),
    SubProcess.TRACING: Step(_("The health authority is contacting your close contacts without giving your name.")),
}
NO_CONTACTS = Step(_("You had no close contacts. You don't need to do anything else."))
# doctors assess by hand after a decision table has failed
MANUAL_ASSESSMENT_STEPS = {element for element, step in STEPS.items() if step.text == NOT_ASSESSED}
# activities with a boundary event for withdrawal; before these the patient declines the evaluation instead
WITHDRAWABLE_STEPS = {
    UserTask.FILL_IN_MEDICAL_FORM,
    CallActivity.TAKE_SAMPLE,
    CallActivity.TEST_SAMPLE,
    SubProcess.REPORT,
}
WITHDRAWN = _("You've cancelled your request. You can start again at any time.")
STILL_TESTED = _(
    "You've cancelled your request. The lab will still test your sample. By law we must report a positive result."
)
STILL_TRACED = _(
    "You've cancelled your request. The health authority will still contact your close contacts "
    "without giving your name."
)
REFERRED_AT_VISIT = _("Our medical team called the emergency services when they visited you.")
OUTCOME_TEXTS = {
    "emergency_services": _("We can't help with emergencies here. Your case is closed."),
    "physician": _("You should get advice from a doctor. Your case is closed."),
    "self_monitoring": _("You don't need a test at the moment."),
    "evaluation_declined": _("You said no to a home visit and a test. You can start again at any time."),
    "evaluation_not_requested": _(
        "You didn't request a home visit and a test in time. You can start again at any time."
    ),
    "medical_form_not_returned": _("We didn't get your medical form in time. You can start again at any time."),
    "not_reached": _("We visited but you weren't in. You can start again at any time."),
    "sample_refused": _("You chose not to have a sample taken. You can start again at any time."),
    "withdrawn": WITHDRAWN,
    "care_completed": _("Your doctor's report is on this page. Your case is closed."),
}
# outcomes of cases that the pre-screening advised to be evaluated, but weren't
OUTCOMES_WITHOUT_EVALUATION = {
    "evaluation_declined",
    "evaluation_not_requested",
    "medical_form_not_returned",
    "not_reached",
    "sample_refused",
    "withdrawn",
}
RESULTS = {
    "positive": _("Positive"),
    "negative": _("Negative"),
    "inconclusive": _("Not clear yet"),
    "unsatisfactory": _("Not clear yet"),
    "indeterminate": _("Not clear"),
    "entered_in_error": _("Withdrawn"),
}
# in the doctor's report
CLASSIFICATIONS = {
    "confirmed": _("COVID-19, confirmed"),
    "probable": _("COVID-19, probable"),
    "suspect": _("COVID-19, suspected"),
    "not_a_case": _("Not COVID-19"),
}
ASSESSING = CHECKING.text
# the assessment takes seconds; after this time it has failed
ASSESSMENT_TIMEOUT = timedelta(minutes=2)
UNIT_NAMES: Mapping[int, Unit] = {MINUTE_S: "minute", HOUR_S: "hour", DAY_S: "day"}
BETWEEN_STEPS = Step(_("We have your answers and are working on your case."), is_brief=True)


@dataclass(frozen=True)
class Wait:
    """The range of durations that covers 8 of 10 waits, as texts; `least` is empty if it begins at 0."""

    least: str
    most: str


@dataclass(frozen=True)
class Status:
    """Status of a case, for its patient.

    Attributes:
        wait: forecast of the duration; None if unknown.
        assessing: the pre-screening isn't assessed yet.
        is_brief: another status follows within seconds.
        report_pending: the doctor's report on the result isn't published yet.
        must_call: the patient has to call us, because the answers could not be assessed.
    """

    text: str
    next: str = ""
    wait: Wait | None = None
    ended: bool = False
    assessing: bool = False
    is_brief: bool = False
    report_pending: bool = False
    must_call: bool = False


def describe_emergency(case: Case, steps: set[str]) -> tuple[str, ...] | None:
    """Return the paragraphs of the emergency card; None if the case is no emergency.

    Args:
        steps: ids of the case's current activities.
    """
    values = case.values
    if values.get("case_outcome") == "emergency_services" and values.get("visit_outcome") == EMERGENCY:
        return (TEAM_CALLED,)
    is_called = UserTask.CALL_PATIENT in steps and not _is_worsening_unknown(case, steps)
    if EMERGENCY not in (values.get("orientation_now"), values.get("orientation")) and not is_called:
        return None
    if not is_called:
        return (SIGNS,)
    return (SIGNS, DOCTOR_CALLS if values.get("phone") or values.get("emergency_phone") else NO_NUMBER)


def choose_advice(case: Case, steps: set[str]) -> Advice | None:
    """Choose the advice for the most severe of the case's orientations.

    Args:
        steps: ids of the case's current activities.

    Returns:
        None in an emergency, and where the page has the advice with the result or report.
    """
    values = case.values
    now = values.get("orientation_now")
    if values.get("result_told_at"):
        return SEE_A_DOCTOR if now == URGENT else None
    known = [orientation for orientation in (now, values.get("orientation")) if orientation in ADVICE]
    gravest = min(known, key=list(ADVICE).index, default=None)
    if gravest is None:
        return None
    if values.get("withdrawn") or values.get("case_outcome") in OUTCOMES_WITHOUT_EVALUATION:
        return SEE_A_DOCTOR if gravest == URGENT else LOOK_AFTER_YOURSELF
    if steps & TESTING_STEPS and gravest != URGENT:
        return WAIT_FOR_RESULT
    return ADVICE[gravest]


def compute_quarantine_end(case: Case, today: date) -> date | None:
    """Return the last day of an exposed patient's quarantine; None if it is over or the exposure's date is unknown."""
    exposure = case.values.get("last_exposure_date")
    if not exposure:
        return None
    end = date.fromisoformat(exposure) + timedelta(days=case.values["policy"]["quarantine_days"])
    return end if end >= today else None


def describe_status(case: Case, steps: set[str]) -> Status:
    """Describe the status of a case.

    Args:
        steps: ids of the case's current activities; empty after its end.
    """
    values = case.values
    if _is_assessment_failed(case, steps):
        return Status(NOT_ASSESSED, must_call=True)
    if values.get("orientation") is None:
        return Status(ASSESSING, assessing=True, is_brief=True)
    if case.ended_at:
        return Status(_describe_outcome(case) or BETWEEN_STEPS.text, ended=True)
    if values.get("withdrawn"):
        return Status(_describe_withdrawal(case, steps))
    step = next((step for element, step in STEPS.items() if element in steps), None)
    if step is None and _describe_outcome(case):
        # the outcome is set, and the engine is about to end the process instance
        return Status(_describe_outcome(case), ended=True)
    step = step or BETWEEN_STEPS
    if step is STEPS[SubProcess.TRACING]:
        step = _get_tracing_step(case)
    text = step.by_phone if step.by_phone and values.get("channel") == "telephone" else step.text
    wait = describe_wait(step.wait) if step.wait and not values.get("visit_due_at") else None
    return Status(text, step.next, wait, is_brief=step.is_brief, report_pending=bool(steps & REPORT_STEPS))


def _describe_outcome(case: Case) -> str:
    """Return the text of the case's outcome; empty if it has none yet."""
    if case.values.get("case_outcome") == "emergency_services" and case.values.get("visit_outcome") == EMERGENCY:
        return REFERRED_AT_VISIT
    return OUTCOME_TEXTS.get(case.values.get("case_outcome") or "", "")


def _describe_withdrawal(case: Case, steps: set[str]) -> str:
    """Return the text of a withdrawn case, with what continues by law."""
    if steps & TESTING_STEPS:
        return STILL_TESTED
    return STILL_TRACED if SubProcess.TRACING in steps and _get_tracing_step(case) is not NO_CONTACTS else WITHDRAWN


def _get_tracing_step(case: Case) -> Step:
    """Return the step of contact tracing after the patient has submitted the contacts, or the time for it is over."""
    match case.values.get("had_contacts"), case.values.get("contacts_named"):
        case "no", _any:
            return NO_CONTACTS
        case "yes", None:
            return STEPS[ServiceTask.CHECK_CONTACTS]
    return STEPS[SubProcess.TRACING]


def _is_assessment_failed(case: Case, steps: set[str]) -> bool:
    """Whether a decision table failed on the patient's answers, or has no result in time."""
    if case.ended_at:
        return False
    if case.values.get("orientation") is None:
        is_late = case.started_at is not None and datetime.now(UTC) - case.started_at > ASSESSMENT_TIMEOUT
        return bool(steps & MANUAL_ASSESSMENT_STEPS) or is_late
    return bool(steps & MANUAL_ASSESSMENT_STEPS) or _is_worsening_unknown(case, steps)


def _is_worsening_unknown(case: Case, steps: set[str]) -> bool:
    """Whether a doctor calls because a decision table failed on the form "I feel worse"."""
    return UserTask.CALL_PATIENT in steps and case.values.get("orientation_now") is None


def describe_wait(stage: tuple[str, str]) -> Wait | None:
    """Describe the forecast of a wait; None if too few patients have waited for this stage."""
    forecast = forecast_wait(stage)
    if forecast is None:
        return None
    return Wait(format_seconds(forecast.low_s) if forecast.low_s else "", format_seconds(forecast.high_s or MINUTE_S))


def format_seconds(seconds: float) -> str:
    """Format a duration in whole minutes, hours or days."""
    count, unit = to_units(seconds)
    return duration(count, UNIT_NAMES[unit])
