"""Questions of the symptom check: where it ends, and what a change of language keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from config import settings as config
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from processes.engine import Engine
from tests.support.http_server import Call, Reply, http_server
from tests.unit.webapp.test_application import OPTIONS
from webapp.app import create_app
from webapp.options import Options
from webapp.questionnaires import prefill_medical_form

pytestmark = pytest.mark.usefixtures("records")
UNREACHABLE = "http://127.0.0.1:9"
PRE_SCREENING = (config.ROOT / "forms" / "pre_screening.form").read_bytes()
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
    buttons = [each for each in page.select("button") if each.get("form") == "answers" or each.find_parent(id="answers")]
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


def test_a_page_that_does_not_exist_leads_to_the_case_of_whoever_is_signed_in(client: FlaskClient) -> None:
    assert not get(client, "/nothing").select('main a[href="/case"]')
    with client.session_transaction() as session:
        session["case"] = "C-1"
    assert get(client, "/nothing").select('main a[href="/case"]')
