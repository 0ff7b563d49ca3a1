"""Texts of the patient's case page in each state of a case, and in all combinations of steps and outcomes."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from config import settings as config
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from processes.cases import Case, OpenTask
from processes.elements import UserTask
from processes.engine import Engine
from webapp import confirmation, patient, sessions
from webapp.app import create_app
from webapp.options import Options
from webapp.session_store import BrowserSession
from webapp.status import OUTCOMES, STEPS, TESTING_STEPS, choose_advice, describe_emergency, describe_status

pytestmark = pytest.mark.usefixtures("records")
UNREACHABLE = "http://127.0.0.1:9"
POLICY = config.load().policy.model_dump()
MOMENT = datetime(2026, 3, 20, 12, tzinfo=UTC)
ORIENTATIONS = ("emergency", "under_15", "self_monitor", *POLICY["severity"])
CASE_OUTCOMES = (None, *OUTCOMES)
CALL_NOW = "Call 112 now"

REQUESTED = {"wants_evaluation": "yes", "given_name": "Ada", "evaluation_requested_at": MOMENT, "channel": "email"}
SAMPLED = {**REQUESTED, "sample_taken_at": MOMENT, "sample_number": 1}
RESULT_SENT = {**SAMPLED, "lab_result": "negative", "result_told_at": MOMENT}
POSITIVE = {**RESULT_SENT, "lab_result": "positive"}
REPORT = {"report_published_at": MOMENT, "case_classification": "confirmed", "report_advice": "Rest."}
REPORTED = {**POSITIVE, **REPORT, "isolation_until": "2026-03-30"}
REPORT_STEPS = {"SubProcess_Report", "Task_WriteDoctorsReport"}
VISIT_STEPS = {"Task_TakeSample", "Task_VisitPatient"}
TEST_STEPS = {"Task_TestSample", "Task_WaitForTestResult"}
CONTACT_STEPS = {"SubProcess_Tracing", "Task_TraceContacts", "SubProcess_ContactsNamed", "Task_FillInCloseContacts"}
CALL_STEPS = {"SubProcess_Worsening", "Task_CallPatient"}
EXPOSED = {"exposed": True, "last_exposure_date": str(date.today() - timedelta(days=3))}


def case(ended: bool = False, **values: Any) -> Case:
    known = {"orientation": "evaluation_needed", "policy": POLICY, "date_of_birth": "1990-05-10", **values}
    return Case(
        "C-1", "1", {name: value for name, value in known.items() if value is not None}, MOMENT if ended else None
    )


@pytest.fixture(scope="module")
def app() -> Flask:
    options = Options(secret_key="k" * 32, policy=POLICY, records_secret="r" * 32)
    return create_app(
        options, Engine(UNREACHABLE, "webapp", "", timeout_s=1), Government(UNREACHABLE, "", 1), Lab(UNREACHABLE, "")
    )


@pytest.fixture
def page(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A function that returns the text of /case for a case at these steps, with these open forms.

    With is_printed it returns what is only printed, otherwise the rest.
    """
    monkeypatch.setattr(sessions, "case_reference", lambda: "C-1")
    monkeypatch.setattr(patient, "ASSESSMENT_WAIT_S", 0)

    def render(
        known: Case,
        steps: set[str],
        forms: tuple[str, ...] = (),
        sent: str = "",
        path: str = "/case",
        is_printed: bool = False,
    ) -> str:
        monkeypatch.setattr(patient, "find_case", lambda *_: known)
        monkeypatch.setattr(patient, "current_steps", lambda *_: steps)
        monkeypatch.setattr(patient, "open_tasks", lambda *_: [OpenTask(form, form, "1") for form in forms])
        found = confirmation.SentForm(sent, "evaluation_needed", 0) if sent else None
        monkeypatch.setattr(confirmation, "find_pending", lambda: found)
        answer = app.test_client().get(path)
        assert answer.status_code == 200
        main = BeautifulSoup(answer.text, "html.parser").main
        printed = [element.extract() for element in main.select(".print-only")]
        shown = printed if is_printed else [main]
        return " ".join(" ".join(element.get_text(" ").split()) for element in shown)

    return render


# state: the case, its current steps, texts that its page contains, and texts that it does not contain
STATES = {
    "assessing": (case(orientation=None), set(), ["We're checking your answers"], ["being worked on", CALL_NOW]),
    "no symptoms": (
        case(orientation="self_monitor", case_outcome="self_monitoring"),
        {"Event_AdvisedToSelfMonitor"},
        ["You don't need a test at the moment", "Watch your symptoms"],
        ["working on", "You need a test", "I feel worse"],
    ),
    "a child": (
        case(True, orientation="under_15", case_outcome="physician"),
        set(),
        ["You should get advice from a doctor", "Talk to a doctor"],
        ["You were referred"],
    ),
    "emergency being recorded": (
        case(orientation="emergency", case_outcome="emergency_services"),
        {"Event_ReferredToEmergencyServices"},
        [CALL_NOW, "Your symptoms may be serious"],
        ["You were referred", "worked on", "working on", "A doctor will also call"],
    ),
    "emergency, ended": (
        case(True, orientation="emergency", case_outcome="emergency_services"),
        set(),
        [CALL_NOW],
        ["You were referred"],
    ),
    "emergency at the visit": (
        case(True, **REQUESTED, case_outcome="emergency_services", visit_outcome="emergency"),
        set(),
        [CALL_NOW, "Our medical team called the emergency services"],
        ["You need a test", "Stay at home", "You were referred"],
    ),
    "an evaluation is offered": (
        case(),
        {"SubProcess_RequestEvaluation", "Task_RequestEvaluation"},
        ["You can ask for a home visit with a test", "You need a test"],
        ["We wait for you", CALL_NOW],
    ),
    "declined": (
        case(True, case_outcome="evaluation_declined"),
        set(),
        ["You said no to a home visit", "Look after yourself"],
        ["need a test"],
    ),
    "declined though urgent": (
        case(True, orientation="evaluation_urgent", case_outcome="evaluation_declined"),
        set(),
        ["See a doctor today"],
        ["You need a test"],
    ),
    "the medical form is open": (
        case(**REQUESTED),
        {"SubProcess_RequestEvaluation", "Task_FillInMedicalForm"},
        ["Please fill in your medical form"],
        ["We'll call you"],
    ),
    "the medical form is filled in by telephone": (
        case(**{**REQUESTED, "channel": "telephone"}),
        {"Task_FillInMedicalForm"},
        ["We'll call you"],
        [],
    ),
    "the medical form was sent": (
        case(**REQUESTED),
        {"Task_SetPriority"},
        ["We're planning your visit"],
        ["worked on", "working on"],
    ),
    "no kit": (
        case(**REQUESTED),
        {"Task_TakeSample", "Gateway_WaitForKit"},
        ["There are no test kits left", "waiting list"],
        ["8 in 10"],
    ),
    "a planned visit": (
        case(**REQUESTED, visit_due_at=datetime.now(UTC) + timedelta(hours=3)),
        VISIT_STEPS,
        ["The medical team plans to be with you by"],
        ["we're late", "8 in 10"],
    ),
    "a late visit": (
        case(**REQUESTED, visit_due_at=datetime.now(UTC) - timedelta(hours=3)),
        VISIT_STEPS,
        ["sorry we're late"],
        ["plans to be with you"],
    ),
    "withdrew before any visit": (
        case(**REQUESTED, withdrawn=True, **EXPOSED),
        {"Task_ReleaseCase"},
        ["You've cancelled your request", "Look after yourself"],
        ["sample", "The lab", "You need a test", "Cancel my request"],
    ),
    "withdrew before any visit, ended": (
        case(True, **REQUESTED, withdrawn=True, case_outcome="withdrawn"),
        set(),
        ["You've cancelled your request"],
        ["sample", "The lab", "You need a test", "We recommend that you get a test"],
    ),
    "withdrew before the second visit": (
        case(**SAMPLED, withdrawn=True),
        {"Task_ReleaseCase"},
        ["You've cancelled your request"],
        ["will still test"],
    ),
    "withdrew during the test": (
        case(**SAMPLED, withdrawn=True),
        TEST_STEPS,
        ["The lab will still test your sample"],
        ["You need a test"],
    ),
    "withdrew after a positive result": (
        case(**POSITIVE, withdrawn=True, case_outcome="withdrawn"),
        CONTACT_STEPS,
        ["will still contact your close contacts", "Positive"],
        ["will still test", "Wait for the doctor", "A doctor will decide"],
    ),
    "a second sample after no clear result": (case(**SAMPLED), VISIT_STEPS, ["will visit you"], ["Your test result"]),
    "a result": (
        case(**RESULT_SENT),
        REPORT_STEPS,
        ["Your test result is negative", "A doctor is writing your report", "Stay away from other people while"],
        [],
    ),
    "a negative result and a report": (
        case(True, **RESULT_SENT, **REPORT, case_outcome="care_completed"),
        set(),
        ["Your doctor's report is on this page", "Stay away from other people while"],
        ["Wait for the doctor's report"],
    ),
    "no clear result and a report": (
        case(True, **{**RESULT_SENT, "lab_result": "indeterminate"}, **REPORT, case_outcome="care_completed"),
        set(),
        ["Your test result isn't clear", "Stay away from other people while"],
        ["A doctor will assess"],
    ),
    "a withdrawn result and a report": (
        case(True, **{**RESULT_SENT, "lab_result": "entered_in_error"}, **REPORT, case_outcome="care_completed"),
        set(),
        ["because of a mistake"],
        ["A doctor will decide what to do next"],
    ),
    "one end of isolation": (
        case(**REPORTED),
        {"Task_ReviewCoronaCare"},
        ["30 March 2026"],
        ["10 days from your first symptoms", "completed"],
    ),
    "a proposed end of isolation is not shown": (
        case(**POSITIVE, isolation_until="2026-03-30"),
        REPORT_STEPS,
        ["10 days from your first symptoms"],
        ["30 March"],
    ),
    "positive, and exposed": (case(**REPORTED, **EXPOSED), REPORT_STEPS, [], ["a negative test doesn't shorten"]),
    "a hospital, at the end": (
        case(True, **REPORTED, further_action="refer_to_hospital", case_outcome="care_completed"),
        set(),
        ["The doctor is referring you to a hospital"],
        ["Your care is completed"],
    ),
    "contacts not yet named": (
        case(**POSITIVE),
        CONTACT_STEPS,
        ["tell us who your close contacts are"],
        ["care is completed"],
    ),
    "contacts being checked": (
        case(**POSITIVE, had_contacts="yes"),
        {"SubProcess_Tracing", "Task_CheckContacts"},
        ["We're checking your list of contacts"],
        ["contacting your close contacts"],
    ),
    "contacts being notified": (
        case(**REPORTED, had_contacts="yes", contacts_named=2),
        {"SubProcess_Tracing"},
        ["is contacting your close contacts"],
        [],
    ),
    "no contacts": (
        case(**REPORTED, had_contacts="no"),
        {"SubProcess_Tracing"},
        ["You had no close contacts"],
        ["is contacting"],
    ),
    "exposed long ago": (
        case(exposed=True, last_exposure_date="2020-03-20"),
        {"Task_RequestEvaluation"},
        [],
        ["quarantine"],
    ),
    "exposed lately": (case(**EXPOSED), {"Task_RequestEvaluation"}, ["stay in quarantine until"], []),
    "worse, and an emergency": (
        case(**REQUESTED, orientation_now="emergency", phone="+44 20 7946 0000"),
        {*CALL_STEPS, *VISIT_STEPS},
        [CALL_NOW, "A doctor will also call you"],
        ["You need a test", "Stay at home"],
    ),
    "worse, without a telephone number": (
        case(**REQUESTED, orientation_now="emergency"),
        {*CALL_STEPS, *VISIT_STEPS},
        [CALL_NOW, "We don't have a phone number for you", "make this call yourself"],
        ["A doctor will also call"],
    ),
    "worse, with a number for emergencies": (
        case(**REQUESTED, orientation_now="emergency", emergency_phone="+44 20 7946 0000"),
        {*CALL_STEPS, *VISIT_STEPS},
        [CALL_NOW, "A doctor will also call you"],
        ["have a phone number"],
    ),
    "worse, called": (
        case(**REQUESTED, orientation_now="emergency", phone="+44 20"),
        VISIT_STEPS,
        [CALL_NOW],
        ["A doctor will also call", "have a phone number"],
    ),
    "better again, before the call": (
        case(**REQUESTED, orientation_now="self_monitor", phone="+44 20"),
        {*CALL_STEPS, *VISIT_STEPS},
        [CALL_NOW, "A doctor will also call you"],
        [],
    ),
    "an emergency with a result": (
        case(**REPORTED, orientation_now="emergency"),
        {"Task_ReviewCoronaCare"},
        [CALL_NOW],
        ["Positive", "Isolate"],
    ),
    "an emergency with contacts not yet named": (
        case(**POSITIVE, orientation_now="emergency"),
        CONTACT_STEPS,
        [CALL_NOW],
        ["List your close contacts", "This form takes about"],
    ),
    "an emergency that ended": (
        case(True, **REPORTED, orientation_now="emergency", case_outcome="care_completed"),
        set(),
        [CALL_NOW],
        ["Isolate"],
    ),
    "urgent, with a result": (
        case(**RESULT_SENT, orientation_now="evaluation_urgent"),
        REPORT_STEPS,
        ["See a doctor today"],
        ["You need a test"],
    ),
}


@pytest.mark.parametrize("state", STATES)
def test_the_page_contains_what_is_true_and_nothing_else(page: Callable[..., str], state: str) -> None:
    known, steps, expected, unexpected = STATES[state]
    forms = ("close_contacts",) if "Task_FillInCloseContacts" in steps else ()
    text = page(known, steps, forms)
    assert [words for words in expected if words not in text] == []
    assert [words for words in unexpected if words in text] == []


def test_in_an_emergency_the_whole_case_is_shown_on_request(page: Callable[..., str]) -> None:
    known = case(**REPORTED, orientation_now="emergency")
    text = page(known, {"Task_ReviewCoronaCare"}, ("review",), path="/case?all=yes")
    assert text.startswith(CALL_NOW)
    assert "Positive" in text
    assert "Stay at home and away from other people" not in text


# state: what its page begins with, after "Your case" and the name
BEGINNINGS = {
    "an evaluation is offered": "You need a test Stay at home and away from other people until you know more.",
    "declined though urgent": "See a doctor today Your answers show that a doctor should see you today.",
    "declined": "You said no to a home visit and a test You can start again at any time. Your case is closed.",
    "no symptoms": "You don't need a test at the moment Your case is closed.",
    "no kit": "There are no test kits left at the moment You're on the waiting list.",
    "a planned visit": "The medical team will visit you and take a sample The medical team plans to be with you by",
    "a result": "Your test result is negative Stay away from other people while you have symptoms.",
    "contacts not yet named": "Your test result is positive Stay at home and away from other people for 10 days",
    "one end of isolation": "Your test result is positive Your isolation ended on 30 March 2026.",
    "a hospital, at the end": "Your test result is positive The doctor is referring you to a hospital.",
    "a withdrawn result and a report": "Your test result has been withdrawn The lab has withdrawn it",
    "urgent, with a result": "See a doctor today",
}


@pytest.mark.parametrize("state", BEGINNINGS)
def test_the_page_begins_with_the_news_and_what_to_do(page: Callable[..., str], state: str) -> None:
    known, steps, *_texts = STATES[state]
    name = ": Ada" if "given_name" in known.values else ""
    assert page(known, steps).removeprefix(f"Your case{name} ").startswith(BEGINNINGS[state])


def test_the_next_form_of_the_pathway_is_the_action(page: Callable[..., str]) -> None:
    text = page(case(**REPORTED), CONTACT_STEPS, ("review", "close_contacts"))
    assert text.index("List your close contacts The health authority") < text.index(
        "Your feedback Tell us how we did. This form takes"
    )


@pytest.mark.parametrize(
    ("channel", "has_links"), [("email", True), ("sms", True), ("telephone", False), (None, False)]
)
def test_ways_back_to_the_case_are_those_that_the_patient_has(
    page: Callable[..., str], channel: str, has_links: bool
) -> None:
    text = page(case(**{**REQUESTED, "channel": channel}), VISIT_STEPS)
    assert ("The links in our messages also open your case" in text) == has_links
    assert "access code" not in page(case(), {"Task_RequestEvaluation"})


def test_the_printed_page_names_the_patient_and_the_day(page: Callable[..., str]) -> None:
    known, printed = case(**{**REPORTED, "family_name": "Lovelace"}), f"Printed on {datetime.now(UTC):%-d %B %Y}, "
    born = "Date of birth 10 May 1990"
    assert page(known, REPORT_STEPS, is_printed=True).startswith(f"Name Ada Lovelace {born} {printed}")
    assert page(case(), {"Task_RequestEvaluation"}, is_printed=True).startswith(f"{born} {printed}")


def test_an_ended_case_says_so(page: Callable[..., str]) -> None:
    ended = {state: page(known, steps) for state, (known, steps, *_texts) in STATES.items() if known.ended_at}
    assert len(ended) > 8
    assert [state for state, text in ended.items() if not text.startswith(CALL_NOW) and "is closed." not in text] == []


def test_isolation_has_one_end_which_is_the_report_s(page: Callable[..., str]) -> None:
    until = date.today() + timedelta(days=4)
    text = page(case(**{**REPORTED, "isolation_until": str(until)}), {"Task_ReviewCoronaCare"})
    assert f"Stay at home and away from other people until {until:%-d %B %Y}." in text
    assert text.count(f"{until:%-d %B}") == 1
    assert "10 days" not in text


@pytest.mark.parametrize(
    ("sent", "now", "confirmation_text"),
    [
        ("medical_form", None, "We've received your medical form."),
        ("close_contacts", None, "We've received your answers about your close contacts."),
        ("review", None, "Thank you."),
        (confirmation.WITHDRAWAL, None, "We've cancelled your request."),
        ("symptoms_worsened", "evaluation_advised", "Your symptoms aren't worse than before"),
        ("symptoms_worsened", "evaluation_needed", "Your symptoms aren't worse than before"),
        ("symptoms_worsened", "evaluation_urgent", "Your symptoms are worse than before"),
    ],
)
def test_a_sent_form_is_confirmed_with_the_next_step(
    page: Callable[..., str], sent: str, now: str | None, confirmation_text: str
) -> None:
    text = page(case(**REQUESTED, orientation_now=now), VISIT_STEPS, sent=sent)
    assert confirmation_text in text
    assert "The medical team will visit you" in text


def test_every_form_has_a_confirmation() -> None:
    assert confirmation.RECEIVED.keys() | {"symptoms_worsened"} == patient.questionnaires.FORMS.keys() | {
        confirmation.WITHDRAWAL
    }


def test_worsened_symptoms_are_not_confirmed_before_the_engine_has_assessed_them(page: Callable[..., str]) -> None:
    text = page(case(**REQUESTED), {"Task_AssessWorsening", *VISIT_STEPS}, sent="symptoms_worsened")
    assert "We're checking your answers" in text
    assert "worse than before" not in text


def test_an_emergency_is_worse_than_each_orientation_of_the_policy(app: Flask) -> None:
    for before in POLICY["severity"]:
        sent = confirmation.SentForm("symptoms_worsened", before, 0)
        with app.test_request_context():
            assert "symptoms are worse than before" in confirmation.describe(sent, case(orientation_now="emergency"))


def test_answers_that_could_not_be_assessed_are_not_described_as_no_worse(page: Callable[..., str]) -> None:
    text = page(case(**REQUESTED), {"Task_CallPatient", *VISIT_STEPS}, sent="symptoms_worsened")
    assert "We've received your answers. Your case: Ada We couldn't assess your answers" in text
    assert "worse than before" not in text


def test_an_assessment_that_ends_between_the_queries_of_a_page_is_shown(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = iter([case(**REQUESTED), case(**REQUESTED, orientation_now="emergency")])
    monkeypatch.setattr(patient, "find_case", lambda *_: next(read))
    monkeypatch.setattr(patient, "current_steps", lambda *_: {"Task_CallPatient", *VISIT_STEPS})
    with app.test_request_context():
        found = patient._wait_for_position("C-1", wait=False)
    assert (found.case.values["orientation_now"], found.status.must_call) == ("emergency", False)


def test_an_unassessed_sign_of_an_emergency_shows_the_emergency_page(
    page: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "is_emergency_reported", lambda: True)
    assert page(case(**REQUESTED), {"Task_CallPatient", *VISIT_STEPS}).startswith(CALL_NOW)


@pytest.mark.parametrize(("seconds_ago", "is_emergency_page"), [(1, True), (sessions.EMERGENCY_DELAY_S + 1, False)])
def test_a_sign_of_an_emergency_reported_just_now_shows_the_emergency_page(
    page: Callable[..., str], monkeypatch: pytest.MonkeyPatch, seconds_ago: float, is_emergency_page: bool
) -> None:
    stored = {"case": "C-1", sessions.EMERGENCIES: {"C-1": time.time() - seconds_ago}}
    reported = BrowserSession("name", stored, is_stored=False)
    monkeypatch.setattr(sessions, "session", reported)
    assert page(case(**REQUESTED), VISIT_STEPS).startswith(CALL_NOW) == is_emergency_page


def test_a_refused_list_of_contacts_shows_the_reasons(page: Callable[..., str]) -> None:
    refused = [{"row": 1, "name": "Kim", "reason": "in_the_future", "infectious_from": "2026-03-18"}]
    text = page(case(**POSITIVE, contacts_refused=refused), CONTACT_STEPS, ("close_contacts",))
    assert "There is a problem with your list of close contacts" in text
    assert "Kim: the day must be today or in the past." in text


def test_each_reason_for_refused_contacts_links_to_its_input(app: Flask) -> None:
    refused = [
        {"row": row, "name": "Kim", "reason": reason, "infectious_from": "the 18th"}
        for row, reason in enumerate(patient.questionnaires.CONTACT_REFUSED)
    ]
    with app.test_request_context():
        assert [id_ for id_, _message in patient.questionnaires.describe_refusals(refused)] == [
            "close_contacts-0-last_exposure_date-choice",
            "close_contacts-1-last_exposure_date-choice",
            "close_contacts-2-last_exposure_date-choice",
            "close_contacts-3-email",
        ]


def test_a_case_that_has_only_emergency_signs_is_shown(page: Callable[..., str]) -> None:
    """Its patient answered no other question, so it has no name and no date of birth."""
    known = case(True, orientation="emergency", case_outcome="emergency_services", date_of_birth=None)
    assert "We can't help with emergencies here. Your case is closed." in page(known, set(), path="/case?all=yes")


def test_emergency_advice_and_status_never_contradict_each_other() -> None:
    """The emergency, the advice and the status of every step, outcome, orientation and withdrawal."""
    tried = 0
    for step, outcome, first, now, withdrawn in itertools.product(
        sorted({*STEPS, UserTask.CALL_PATIENT}), CASE_OUTCOMES, ORIENTATIONS, (None, *ORIENTATIONS), (False, True)
    ):
        values = {**REQUESTED, "orientation": first, "orientation_now": now, "case_outcome": outcome}
        known = case(**values, withdrawn=withdrawn)
        emergency, advice, status = (
            describe_emergency(known, {step}),
            choose_advice(known, {step}),
            describe_status(known, {step}),
        )
        # a doctor also calls patients whose answers could not be assessed: no sign of an emergency is known then
        is_called = step == UserTask.CALL_PATIENT and now is not None
        assert ("emergency" in (first, now) or is_called) == (emergency is not None)
        assert ("lab will still test" in status.text) == (withdrawn and step in TESTING_STEPS)
        if advice and (withdrawn or outcome in ("withdrawn", "evaluation_declined")):
            assert "test" not in str(advice[0])
        tried += 1
    print(f"{tried} combinations")
