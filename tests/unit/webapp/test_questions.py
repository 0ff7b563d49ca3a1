"""Questions of the symptom check: where it ends, and what a change of language keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from camunda7.forms import Form
from camunda7.inputs.place import DEFAULT_PLACE
from config import settings as config
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from processes.engine import Engine
from records.outbox import Message
from tests.support.http_server import Call, Reply, http_server
from tests.unit.webapp.test_application import OPTIONS, application
from webapp.app import create_app
from webapp.carers import FOR_ANOTHER, IN_MY_CARE
from webapp.commands import CompleteTask, FormContext, command_from_json
from webapp.drafts import FormDraft
from webapp.forms import _render_page, _send
from webapp.options import Options
from webapp.questionnaires import FORMS, prefill_medical_form
from webapp.resources import resources

pytestmark = pytest.mark.usefixtures("records")
UNREACHABLE = "http://127.0.0.1:9"
PRE_SCREENING = (config.ROOT / "forms" / "pre_screening.form").read_bytes()
# texts whose "you" is the carer, who signs in, is contacted and decides
MEANT_FOR_THE_CARER = {
    "By law we must report a positive result to the health authority. We don't need your consent for this.",
    "Did you reach the patient?",
    "Do you, or the person you are answering for, have any of these now? Select all that apply",
    "Do you want a home visit and a test?",
    "How did we do? You don't have to give a rating.",
    "How should we contact you?",
    "Enter your name, as guardian or carer",
    "I don't know",
    "I understand that a positive result will be reported",
    "Include the country code, for example +44 20 7946 0958. You can use someone else's number.",
    "Is there anything else we should know?",
    "No, I don't want this",
    "Only if your oximeter shows it.",
    "Phone call (I don't use email or text messages)",
    "Select how we should contact you",
    "Select if you want a home visit and a test",
    "Select who you are answering for",
    "Someone in my care",
    "The date of birth of the person with symptoms. You'll need it to sign in later. If you only know the year, "
    "enter 1 1 and the year.",
    "What did we do well, and what could we do better?",
    "When should we ask you each day?",
    "Who are you answering for?",
    "Yes, I want a visit and a test",
    "Your contact details",
    "Your name, as guardian or carer",
    "Your rating",
}
DEFINITION = {"id": "corona_care:1", "deploymentId": "1"}
NO_SIGNS = {"shown": ["breathless", "unable_to_eat_or_drink"], "Group_emergency_signs-none": "true"}


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    """A browser, and an engine that has the form but starts no case."""

    def answer(call: Call) -> Reply:
        if call.path.endswith("deployed-start-form"):
            return Reply(200, PRE_SCREENING)
        return Reply(200, json.dumps([] if "/resources" in call.path else DEFINITION).encode())

    with http_server(answer) as url:
        engine = Engine(url, "webapp", "", timeout_s=5)
        yield create_app(Options(**OPTIONS), engine, Government(UNREACHABLE, "", 1), Lab(UNREACHABLE, "")).test_client()


def get(client: FlaskClient, path: str) -> BeautifulSoup:
    return BeautifulSoup(client.get(path, follow_redirects=True).text, "html.parser")


def post(client: FlaskClient, number: int, fields: dict[str, Any]) -> Any:
    page = get(client, f"/forms/pre_screening/{number}")
    tokens = {each["name"]: each["value"] for each in page.select("#answers > [type=hidden][name$=_token]")}
    return client.post(f"/forms/pre_screening/{number}", data={**tokens, **fields})


def birthday(age: int, days_later: int = 0) -> dict[str, Any]:
    day = (date.today() - timedelta(days=1)).replace(year=date.today().year - age) + timedelta(days=1 + days_later)
    parts = {f"date_of_birth-{part}": str(getattr(day, part)) for part in ("year", "month", "day")}
    return {"for_whom": "someone_in_my_care", **parts, "shown": ["for_whom", "date_of_birth"]}


def heading(page: BeautifulSoup) -> str:
    return page.h1.get_text(strip=True)


def test_the_symptom_check_for_a_child_ends_with_the_date_of_birth(client: FlaskClient) -> None:
    get(client, "/forms/pre_screening")
    post(client, 1, NO_SIGNS)
    assert post(client, 2, birthday(15, days_later=2)).location == "/forms/pre_screening/stopped"
    page = get(client, "/forms/pre_screening/stopped")
    assert heading(page) == "Talk to a doctor"
    assert "aged 15 and over" in page.main.text
    assert page.select_one('main a[href^="tel:"]').text == OPTIONS["policy"]["contact_phone"]
    # nothing is asked beyond
    for path in ("3", "check", "stopped"):
        assert heading(get(client, f"/forms/pre_screening/{path}")) == "Talk to a doctor"
    # a mistyped year can be corrected
    assert post(client, 2, birthday(15)).location == "/forms/pre_screening/3"
    assert heading(get(client, "/forms/pre_screening/stopped")) == "Weight and height"


def test_the_symptom_check_ends_for_those_whom_the_decision_refers_to_a_doctor() -> None:
    """The form and the first rule of the decision have the same limit."""
    rule = (config.ROOT / "processes" / "pre_screening.dmn").read_text().partition('"under_15"')[0]
    limit = rule.rpartition("<text>&lt; ")[2].partition("<")[0]
    [born] = [each for each in json.loads(PRE_SCREENING)["components"] if each.get("key") == "date_of_birth"]
    assert born["properties"]["stopAfter"] == f"today - {limit} years"


def test_a_change_of_language_keeps_what_was_typed(client: FlaskClient) -> None:
    get(client, "/forms/pre_screening")
    post(client, 1, NO_SIGNS)
    typed = {"date_of_birth-year": "1990", "date_of_birth-day": "3x", "shown": ["for_whom", "date_of_birth"]}
    answer = post(client, 2, {**typed, "page-language": "fr"})
    assert (answer.status_code, answer.location) == (303, "/forms/pre_screening/2")
    page = get(client, "/forms/pre_screening/2")
    assert page.html["lang"] == "fr"
    assert page.select_one("[name=date_of_birth-year]")["value"] == "1990"
    assert page.select_one("[name=date_of_birth-day]")["value"] == "3x"
    assert page.select(".govuk-error-summary") == []


def test_the_enter_key_sends_a_form_and_changes_no_language(client: FlaskClient) -> None:
    """It presses the first button of the form in the document."""
    page = get(client, "/forms/pre_screening")
    buttons = page.select("button[form=answers], #answers button")
    assert [each["name"] for each in buttons] == ["send", "page-language", "page-language", "send"]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, (None, None)),
        ({"cough": False, "cough_since": "2026-11-02", "third_trimester": False}, (None, None)),
        ({"cough": True, "cough_since": None}, (None, None)),
        (
            {"cough": True, "cough_since": "2026-11-05", "fatigue": True, "fatigue_since": "2026-11-03"},
            ("2026-11-03", None),
        ),
        ({"cough": True, "cough_since": "2026-11-05", "onset_date": "2026-11-01"}, ("2026-11-01", None)),
        ({"third_trimester": True}, (None, "yes")),
        ({"third_trimester": True, "pregnancy": "unknown"}, (None, "unknown")),
    ],
)
def test_the_medical_form_begins_with_answers_of_the_symptom_check(
    known: dict[str, Any], expected: tuple[str | None, str | None]
) -> None:
    values = prefill_medical_form(known)
    assert (values.get("onset_date"), values.get("pregnancy")) == expected


def test_a_carer_is_asked_about_the_person_in_their_care(client: FlaskClient) -> None:
    get(client, "/forms/pre_screening")
    post(client, 1, NO_SIGNS)
    texts = {}
    for for_whom in ("myself", IN_MY_CARE):
        post(client, 2, {**birthday(40), "for_whom": for_whom})
        texts[for_whom] = get(client, "/forms/pre_screening/4").main.text
    assert "Have you been close to someone" in texts["myself"]
    assert "Has the person you care for been close to someone" in texts[IN_MY_CARE]
    french = client.get("/forms/pre_screening/4", headers={"Accept-Language": "fr"}).text
    assert "la personne dont vous vous occupez a-t-elle été" in french


def test_later_forms_of_a_case_are_in_the_words_for_a_carer() -> None:
    schema = (config.ROOT / "forms" / "medical_form.form").read_text()
    app = application()
    for for_whom, question in (("myself", "Are you pregnant?"), (IN_MY_CARE, "Is the person you care for pregnant?")):
        command = CompleteTask(task_id="1", case_reference="C-1", key="C-1/1", context={"for_whom": for_whom})
        draft = FormDraft("case/C-1", "medical_form", schema, command_from_json(command.to_json()), DEFAULT_PLACE)
        with app.test_request_context("/forms/medical_form/3"):
            assert question in _render_page(draft, draft.form.pages[2])


@pytest.mark.parametrize("form", ["daily_report", "symptoms_worsened"])
def test_the_first_page_of_a_carer_says_whose_health_it_is_about(form: str) -> None:
    schema = (config.ROOT / "forms" / f"{form}.form").read_text()
    shown = {}
    for for_whom in ("myself", IN_MY_CARE):
        command = CompleteTask(task_id="1", case_reference="C-1", key="C-1/1", context={"for_whom": for_whom})
        draft = FormDraft("case/C-1", form, schema, command_from_json(command.to_json()), DEFAULT_PLACE)
        with application().test_request_context(f"/forms/{form}/1"):
            shown[for_whom] = _render_page(draft, draft.form.pages[0])
    with application().test_request_context():
        purpose, of_carer = str(FORMS[form].purpose), str(FORMS[form].purpose_for_carer)
    assert [purpose in page for page in shown.values()] == [True, False]
    assert [of_carer in page for page in shown.values()] == [False, True]


def test_each_wording_for_carers_is_of_a_text_of_a_form() -> None:
    forms = [json.loads((config.ROOT / "forms" / f"{name}.form").read_text()) for name in FORMS]
    texts = {text for form in forms for text in Form.parse(form).texts}
    assert set(FOR_ANOTHER) - texts == set()


def test_no_question_to_a_carer_addresses_the_carer_as_the_patient() -> None:
    """Words such as "you" are left only where the carer is meant."""
    forms = [json.loads((config.ROOT / "forms" / f"{name}.form").read_text()) for name in FORMS]
    texts = {text for form in forms for text in Form.parse(form).texts} - set(FOR_ANOTHER)
    found = {text for text in texts if re.search(r"\b(you|your|I|my|we)\b", text, re.IGNORECASE)}
    assert found == MEANT_FOR_THE_CARER


@pytest.mark.parametrize(("channel", "address"), [("email", "ada@patients.example"), ("sms", "+442079460958")])
def test_a_request_is_acknowledged_by_the_patients_channel_once(
    channel: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"wants_evaluation": "yes", "channel": channel, "email": None, "phone": None, "language": "fr"}
    values |= {"email" if channel == "email" else "phone": address}
    for _ in range(2):
        request(values, monkeypatch)
    [message] = Message.select()
    assert (message.key, message.channel, message.recipient) == ("C-1/request_received", channel, address)
    assert (message.template, message.language) == ("request_received", "fr")


@pytest.mark.parametrize("changed", [{"channel": "telephone"}, {"wants_evaluation": "no"}])
def test_no_message_acknowledges_a_refusal_or_goes_to_a_telephone(
    changed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    request({"wants_evaluation": "yes", "channel": "email", "phone": "+442079460958", **changed}, monkeypatch)
    assert list(Message.select()) == []


def request(values: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Send the form evaluation_request with these values."""
    schema = (config.ROOT / "forms" / "evaluation_request.form").read_text()
    context: FormContext = {"date_of_birth": "1990-05-10"}
    command = CompleteTask(task_id="1", case_reference="C-1", key="C-1/1", context=context)
    draft = FormDraft("case/C-1", "evaluation_request", schema, command, DEFAULT_PLACE)
    app = application()
    with app.test_request_context("/forms/evaluation_request/check", method="POST"):
        monkeypatch.setattr(resources().forwarder, "forward", lambda key: None)
        _send(draft, values)


def test_a_page_that_does_not_exist_leads_to_the_case_of_whoever_is_signed_in(client: FlaskClient) -> None:
    assert not get(client, "/nothing").select('main a[href="/case"]')
    with client.session_transaction() as session:
        session["case"] = "C-1"
    assert get(client, "/nothing").select('main a[href="/case"]')
