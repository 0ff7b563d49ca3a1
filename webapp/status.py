"""Texts of a case for its patient: heading, advice of the pre-screening, status and outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from flask_babel import lazy_gettext as _

from kpi.waits import DAY_S, HOUR_S, MINUTE_S, REPORT, RESULT, VISIT, forecast_wait, to_units
from processes.cases import WITHDRAWN_BY_MESSAGE, Case
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
from webapp.results import RESULT_HEADLINES

# (title, paragraphs) by orientation, the most severe first, as the authors of the algorithm advise
ISOLATE = _("Stay at home and away from other people until you know more.")
CALL_NOW = _(
    "Call the emergency number straight away if you have trouble breathing, haven't been able to eat or drink "
    "for 24 hours, or have a severe headache that painkillers don't help."
)
Advice = tuple[str, tuple[str, ...]]
# an emergency has a page of its own: webapp/templates/emergency.html
EMERGENCY = "emergency"
# status of a day that is reported at home
RED = "red"
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
WHILE_YOU_WAIT: Advice = (_("While you wait"), (ISOLATE, CALL_NOW))
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
        headline: who acts now, or what the patient can do; without a full stop.
        text: what belongs to it.
        next: text on what follows.
        wait: the stage of kpi/waits.py whose duration is forecast.
        by_phone: replaces the step for patients who are only reached by telephone; None if it is the same.
        is_brief: the engine leaves the activity within seconds.
    """

    headline: str
    text: str = ""
    next: str = ""
    wait: tuple[str, str] | None = None
    by_phone: Step | None = None
    is_brief: bool = False


FORM_NEXT = _("Next: you'll fill in a medical form.")
VISIT_NEXT = _("Next: the medical team will visit you and take a sample. It takes a few minutes.")
RESULT_NEXT = _("Next: we'll tell you the result as soon as we have it.")
REPORT_NEXT = _("Next: you'll get the doctor's report, with advice for you.")
CONTACTS_NEXT = _("Next: the health authority will contact them without giving your name.")
REPORT_TOMORROW = _("Next: we'll ask you again tomorrow how you are.")
PLANNING = Step(_("We're planning your visit"), next=VISIT_NEXT, wait=VISIT)
CHECKING = Step(_("We're checking your answers"), is_brief=True)
CORRECTED = Step(_("The lab has corrected a result"), _("We're looking at your case again."))
ON_ITS_WAY = Step(_("Your sample is on its way to the lab"), next=RESULT_NEXT, wait=RESULT)
TESTING = Step(_("The lab is testing your sample"), next=RESULT_NEXT, wait=RESULT)
NOT_ASSESSED = _("We couldn't assess your answers")
REPORTED = _("Your doctor's report is on this page")
TESTING_STEPS = {
    UserTask.CORRECT_BARCODE,
    ServiceTask.ORDER_LAB_TEST,
    ReceiveTask.WAIT_FOR_TEST_RESULT,
    CallActivity.TEST_SAMPLE,
}
REPORT_STEPS = {SubProcess.REPORT, SubProcess.CORRECTION, ServiceTask.CORRECT_CASE}
# by id of the BPMN element; of a case with several current activities the first in this order counts
STEPS: dict[str, Step] = {
    UserTask.ASSESS_BY_HAND: Step(NOT_ASSESSED),
    UserTask.SET_PRIORITY_BY_HAND: Step(NOT_ASSESSED),
    BusinessRuleTask.ASSESS_WORSENING: CHECKING,
    UserTask.REQUEST_EVALUATION: Step(
        _("You can ask for a home visit with a test, and for a doctor's report"), next=FORM_NEXT
    ),
    UserTask.FILL_IN_MEDICAL_FORM: Step(
        _("Please fill in your medical form"),
        next=VISIT_NEXT,
        by_phone=Step(
            _("We'll call you to fill in your medical form with you"), _("You can also fill it in here."), VISIT_NEXT
        ),
    ),
    BusinessRuleTask.ASSESS_RISK: PLANNING,
    BusinessRuleTask.SET_PRIORITY: PLANNING,
    # without a forecast: past waits say nothing about when a kit arrives
    EventBasedGateway.WAIT_FOR_KIT: Step(
        _("There are no test kits left at the moment"), _("You're on the waiting list."), VISIT_NEXT
    ),
    ServiceTask.RESERVE_TEST_KIT: Step(_("We're reserving a test kit for you"), next=VISIT_NEXT, wait=VISIT),
    UserTask.VISIT_PATIENT: Step(_("The medical team will visit you and take a sample"), next=RESULT_NEXT, wait=VISIT),
    CallActivity.TAKE_SAMPLE: PLANNING,
    UserTask.CORRECT_BARCODE: ON_ITS_WAY,
    ServiceTask.ORDER_LAB_TEST: ON_ITS_WAY,
    ReceiveTask.WAIT_FOR_TEST_RESULT: TESTING,
    CallActivity.TEST_SAMPLE: TESTING,
    ServiceTask.RELEASE_CASE: Step(_("The lab has a result from an earlier sample"), next=RESULT_NEXT),
    SubProcess.CORRECTION: CORRECTED,
    ServiceTask.CORRECT_CASE: CORRECTED,
    ServiceTask.TELL_RESULT: Step(_("Your result has arrived"), _("It will be on this page in a moment."), REPORT_NEXT),
    UserTask.WRITE_DOCTORS_REPORT: Step(_("A doctor is writing your report"), next=REPORT_NEXT, wait=REPORT),
    SubProcess.REPORT: Step(_("A doctor is looking at your case"), next=REPORT_NEXT, wait=REPORT),
    UserTask.CALL_WATCHED_PATIENT: Step(_("Our medical team will call you today"), next=REPORT_TOMORROW),
    UserTask.VISIT_SILENT_PATIENT: Step(_("Our medical team will visit you, because we couldn't reach you")),
    UserTask.CALL_SILENT_PATIENT: Step(
        _("We'll call you to ask how you are"), _("You can also tell us here."), REPORT_TOMORROW
    ),
    UserTask.DAILY_REPORT: Step(
        _("Please tell us how you are today"),
        next=REPORT_TOMORROW,
        by_phone=Step(_("We'll call you to ask how you are"), _("You can also tell us here."), REPORT_TOMORROW),
    ),
    BusinessRuleTask.ASSESS_DAY: CHECKING,
    UserTask.REVIEW_CORONA_CARE: Step(REPORTED, _("You can tell us how we did.")),
    UserTask.FILL_IN_CLOSE_CONTACTS: Step(
        _("Please tell us who your close contacts are"),
        next=CONTACTS_NEXT,
        by_phone=Step(
            _("We'll call you to ask about your close contacts"), _("You can also list them here."), CONTACTS_NEXT
        ),
    ),
    ServiceTask.CHECK_CONTACTS: Step(_("We're checking your list of contacts"), is_brief=True),
    SubProcess.TRACING: Step(_("The health authority is contacting your close contacts without giving your name")),
    SubProcess.WATCH: Step(_("We're looking after you while you're at home"), next=REPORT_TOMORROW),
}
NO_CONTACTS = Step(_("You had no close contacts"), _("You don't need to do anything else."))
# doctors assess by hand after a decision table has failed
MANUAL_ASSESSMENT_STEPS = {element for element, step in STEPS.items() if step.headline == NOT_ASSESSED}
# activities with a boundary event for withdrawal; before these the patient declines the evaluation instead
WITHDRAWABLE_STEPS = WITHDRAWN_BY_MESSAGE | {SubProcess.WATCH}
# (headline, text)
Outcome = tuple[str, str]
CLOSED = _("Your case is closed")
START_AGAIN = _("You can start again at any time.")
CANCELLED = _("You've cancelled your request")
ENDED: Outcome = (CLOSED, "")
WITHDRAWN: Outcome = (CANCELLED, START_AGAIN)
STILL_TESTED: Outcome = (
    CANCELLED,
    _("The lab will still test your sample. By law we must report a positive result."),
)
STILL_TRACED: Outcome = (
    CANCELLED,
    _("The health authority will still contact your close contacts without giving your name."),
)
REFERRED_AT_VISIT: Outcome = (_("Our medical team called the emergency services when they visited you"), "")
OUTCOMES: dict[str, Outcome] = {
    "emergency_services": (_("We can't help with emergencies here"), ""),
    "physician": (_("You should get advice from a doctor"), ""),
    "self_monitoring": (_("You don't need a test at the moment"), ""),
    "evaluation_declined": (_("You said no to a home visit and a test"), START_AGAIN),
    "evaluation_not_requested": (_("You didn't request a home visit and a test in time"), START_AGAIN),
    "medical_form_not_returned": (_("We didn't get your medical form in time"), START_AGAIN),
    "not_reached": (_("We visited but you weren't in"), START_AGAIN),
    "sample_refused": (_("You chose not to have a sample taken"), START_AGAIN),
    "withdrawn": WITHDRAWN,
    "care_completed": (REPORTED, ""),
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
# in the doctor's report
CLASSIFICATIONS = {
    "confirmed": _("COVID-19, confirmed"),
    "probable": _("COVID-19, probable"),
    "suspect": _("COVID-19, suspected"),
    "not_a_case": _("Not COVID-19"),
}
# the assessment takes seconds; after this time it has failed
ASSESSMENT_TIMEOUT = timedelta(minutes=2)
# so short only in replays, and no one could believe it
SHORTEST_FORECAST_S = 30 * MINUTE_S
UNIT_NAMES: Mapping[int, Unit] = {MINUTE_S: "minute", HOUR_S: "hour", DAY_S: "day"}
BETWEEN_STEPS = Step(_("We have your answers and are working on your case"), is_brief=True)


@dataclass(frozen=True)
class Wait:
    """The range of durations that covers 8 of 10 waits, as texts; `least` is empty if it begins at 0."""

    least: str
    most: str


@dataclass(frozen=True)
class Status:
    """Status of a case, for its patient.

    Attributes:
        headline: who acts now, or how the case ended.
        text: what belongs to it.
        next: what follows.
        wait: forecast of the duration; None if unknown.
        assessing: the pre-screening isn't assessed yet.
        is_brief: another status follows within seconds.
        report_pending: the doctor's report on the result isn't published yet.
        must_call: the patient has to call us, because the answers could not be assessed.
    """

    headline: str
    text: str = ""
    next: str = ""
    wait: Wait | None = None
    ended: bool = False
    assessing: bool = False
    is_brief: bool = False
    report_pending: bool = False
    must_call: bool = False

    def paragraph(self, is_heading: bool) -> str:
        """Return the status as sentences.

        Args:
            is_heading: the headline is the page's heading, and isn't repeated.
        """
        sentences = [] if is_heading else [f"{self.headline}."]
        sentences += [str(self.text)] if self.text else []
        if self.ended and self.headline != CLOSED:
            sentences.append(f"{CLOSED}.")
        return " ".join(sentences)


def describe_emergency(case: Case, steps: set[str]) -> tuple[str, ...] | None:
    """Return the paragraphs of the emergency card; None if the case is no emergency.

    Args:
        steps: ids of the case's current activities.
    """
    values = case.values
    if values.get("case_outcome") == "emergency_services" and values.get("visit_outcome") == EMERGENCY:
        return (TEAM_CALLED,)
    is_called = UserTask.CALL_PATIENT in steps and not _is_worsening_unknown(case, steps)
    if (
        values.get("day_status") != RED
        and EMERGENCY not in (values.get("orientation_now"), values.get("orientation"))
        and not is_called
    ):
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
    if values.get("wants_evaluation") == "yes" and gravest != URGENT:
        return WHILE_YOU_WAIT
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
        return Status(CHECKING.headline, assessing=True, is_brief=True)
    if _is_day_unassessed(case):
        return Status(CHECKING.headline, is_brief=True)
    outcome = _describe_outcome(case)
    if case.ended_at:
        return Status(*(outcome or ENDED), ended=True)
    if values.get("withdrawn"):
        return Status(*_describe_withdrawal(case, steps))
    step = next((step for element, step in STEPS.items() if element in steps), None)
    if step is None and outcome:
        # the engine is about to end the process instance
        return Status(*outcome, ended=True)
    step = step or BETWEEN_STEPS
    if step is STEPS[SubProcess.TRACING]:
        step = _get_tracing_step(case)
    if step.by_phone and values.get("channel") == "telephone":
        step = step.by_phone
    wait = describe_wait(step.wait) if step.wait and not values.get("visit_due_at") else None
    report_pending = bool(steps & REPORT_STEPS)
    return Status(step.headline, step.text, step.next, wait, is_brief=step.is_brief, report_pending=report_pending)


def choose_headline(case: Case, steps: set[str], status: Status, advice: Advice | None) -> str:
    """Choose the heading of the case page: urgent advice, the result, the advice before a request, or the status."""
    if status.must_call or status.is_brief:
        return status.headline
    if advice and (advice is SEE_A_DOCTOR or advice is ADVICE[URGENT]):
        return advice[0]
    result = RESULT_HEADLINES.get(case.values.get("lab_result", ""))
    if result and case.values.get("result_told_at"):
        return result
    return advice[0] if advice and UserTask.REQUEST_EVALUATION in steps else status.headline


def _describe_outcome(case: Case) -> Outcome | None:
    """Return the text of the case's outcome; None if it has none yet."""
    if case.values.get("case_outcome") == "emergency_services" and case.values.get("visit_outcome") == EMERGENCY:
        return REFERRED_AT_VISIT
    return OUTCOMES.get(case.values.get("case_outcome") or "")


def _describe_withdrawal(case: Case, steps: set[str]) -> Outcome:
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


def _is_day_unassessed(case: Case) -> bool:
    """Whether the engine has today's report from home, but hasn't assessed it yet."""
    return case.values.get("feeling") is not None and case.values.get("day_status") is None


def _is_worsening_unknown(case: Case, steps: set[str]) -> bool:
    """Whether a doctor calls because a decision table failed on the form "I feel worse"."""
    is_red = case.values.get("day_status") == RED
    return UserTask.CALL_PATIENT in steps and case.values.get("orientation_now") is None and not is_red


def describe_wait(stage: tuple[str, str]) -> Wait | None:
    """Describe the forecast of a wait; None if too few patients have waited for this stage, or for minutes only."""
    forecast = forecast_wait(stage)
    if forecast is None or forecast.high_s < SHORTEST_FORECAST_S:
        return None
    return Wait(format_seconds(forecast.low_s) if forecast.low_s else "", format_seconds(forecast.high_s))


def format_seconds(seconds: float) -> str:
    """Format a duration in whole minutes, hours or days."""
    count, unit = to_units(seconds)
    return duration(count, UNIT_NAMES[unit])
