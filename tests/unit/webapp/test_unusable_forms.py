"""A deployed form that can't be shown: patients see whom to call, staff see the finding."""

from __future__ import annotations

import copy
import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY

from config import settings as config
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from processes.cases import Case
from processes.engine import Engine
from tests.support.http_server import Call, Reply, http_server
from tests.unit.webapp.test_application import OPTIONS
from webapp.app import create_app
from webapp.options import Options

pytestmark = pytest.mark.usefixtures("records")
UNREACHABLE = "http://127.0.0.1:9"
PRE_SCREENING = json.loads((config.ROOT / "forms" / "pre_screening.form").read_text())
DEFINITION = {"id": "corona_care:1", "deploymentId": "1"}
CONTACT = OPTIONS["policy"]["contact_phone"]


def changed(change: Callable[[dict[str, Any]], Any]) -> bytes:
    form = copy.deepcopy(PRE_SCREENING)
    change(form)
    return json.dumps(form).encode()


def added(component: dict[str, Any]) -> bytes:
    return changed(lambda form: form["components"].insert(0, {"id": "Odd_1", **component}))


# content of the deployed form, and a text of its finding
UNUSABLE = {
    "not JSON": (b"{", "JSON"),
    "a list": (b"[]", "no JSON object"),
    "another encoding": (json.dumps(PRE_SCREENING).encode("utf-16")[1:], "JSON"),
    "nested without an end": (b"[" * 100_000, "JSON"),
    "no id": (changed(lambda form: form.pop("id")), "no id"),
    "a newer schema": (changed(lambda form: form.update(schemaVersion=99)), "schemaVersion"),
    "an unknown component": (added({"type": "filepicker", "key": "photo"}), "filepicker"),
    "digits as a text": (added({"type": "number", "key": "temperature", "decimalDigits": "2"}), "decimalDigits"),
    "an unsupported expression": (added({"type": "text", "text": "a", "conditional": {"hide": "=x +"}}), "Odd_1"),
    "an unknown variable": (added({"type": "textfield", "key": "favourite_colour"}), "favourite_colour"),
    "a value of another type": (added({"type": "textfield", "key": "cough"}), "cough"),
    "an unknown option": (
        added({"type": "radio", "key": "case_outcome", "values": [{"label": "a", "value": "nowhere"}]}),
        "nowhere",
    ),
}


@pytest.fixture
def deployed() -> dict[str, Any]:
    """The engine's answer to a request of the deployed start form."""
    return {"content": json.dumps(PRE_SCREENING).encode(), "status": 200}


@pytest.fixture
def client(deployed: dict[str, Any]) -> Iterator[Any]:
    def answer(call: Call) -> Reply:
        if call.path.endswith("deployed-start-form"):
            return Reply(deployed["status"], deployed["content"])
        return Reply(200, json.dumps([] if "/resources" in call.path else DEFINITION).encode())

    with http_server(answer) as url:
        engine = Engine(url, "webapp", "", timeout_s=5)
        yield create_app(Options(**OPTIONS), engine, Government(UNREACHABLE, "", 1), Lab(UNREACHABLE, "")).test_client()


def last_unusable_at(form: str, part: str) -> float:
    [metric] = [each for each in REGISTRY.collect() if each.name == "coronacare_form_unusable_timestamp_seconds"]
    found = [each for each in metric.samples if each.labels["form"] == form and part in each.labels["finding"]]
    return max((each.value for each in found), default=0)


@pytest.mark.parametrize("name", UNUSABLE)
def test_patients_see_whom_to_call_and_the_finding_is_logged_and_counted(
    name: str, deployed: dict[str, Any], client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    deployed["content"], finding = UNUSABLE[name]
    began_at = time.time()
    with caplog.at_level(logging.ERROR):
        page = client.get("/forms/pre_screening", follow_redirects=True)
    assert page.status_code == 503
    assert int(page.headers["Retry-After"]) > 0
    assert CONTACT in page.text
    assert "tel:112" in page.text
    [line] = [record.getMessage() for record in caplog.records]
    assert "pre_screening" in line
    assert finding in line
    assert last_unusable_at("pre_screening", finding) >= began_at
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(("language", "words"), [("fr", "ce formulaire"), ("ar", "الاستمارة")])
def test_the_page_about_an_unusable_form_is_translated(
    language: str, words: str, deployed: dict[str, Any], client: Any
) -> None:
    deployed["content"] = b"{"
    page = client.get("/forms/pre_screening", follow_redirects=True, headers={"Accept-Language": language})
    assert f'lang="{language}"' in page.text
    assert words in page.text


def test_a_form_that_the_engine_does_not_have_is_reported(deployed: dict[str, Any], client: Any) -> None:
    deployed.update(status=404, content=b'{"type": "NotFoundException"}')
    assert client.get("/forms/pre_screening", follow_redirects=True).status_code == 503
    assert last_unusable_at("pre_screening", "404")


def test_a_corrected_form_is_shown(deployed: dict[str, Any], client: Any) -> None:
    deployed["content"] = b"{"
    assert client.get("/forms/pre_screening", follow_redirects=True).status_code == 503
    deployed["content"] = json.dumps(PRE_SCREENING).encode()
    assert client.get("/forms/pre_screening", follow_redirects=True).status_code == 200


def test_a_message_without_a_form_is_reported(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.forms.find_case", lambda *_: Case("C-1", "1", {}, None))
    client.get("/sign-in")
    with client.session_transaction() as session:
        session["case"] = "C-1"
    page = client.get("/forms/symptoms_worsened", follow_redirects=True)
    assert page.status_code == 503
    assert CONTACT in page.text
    assert last_unusable_at("symptoms_worsened", "no symptoms_worsened.form")


def test_answers_are_stored_although_an_error_prevents_the_next_page(
    client: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected error shows the page that says whom to call, too, and the log contains no answer."""
    page = client.get("/forms/pre_screening", follow_redirects=True)
    token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]

    def fail(*_: Any) -> None:
        raise ValueError("Ada")

    with monkeypatch.context() as broken:
        broken.setattr("camunda7.forms.form.Page.is_answered", fail)
        answer = client.post(page.request.path, data={"csrf_token": token, "breathless": "true"})
    assert answer.status_code == 500
    assert CONTACT in answer.text
    assert "Ada" not in caplog.text
    assert last_unusable_at("pre_screening", "ValueError")
    reloaded = client.get(page.request.path)
    assert "checked" in reloaded.text


def test_an_answer_whose_match_times_out_is_an_error_of_its_field(deployed: dict[str, Any], client: Any) -> None:
    deployed["content"] = added({"type": "textfield", "key": "given_name", "validate": {"pattern": "^(a+)+$"}})
    page = client.get("/forms/pre_screening", follow_redirects=True)
    token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    began_at = time.monotonic()
    typed = {"given_name": "a" * 60 + "!", "shown": "given_name"}
    answer = client.post(page.request.path, data={"csrf_token": token, **typed})
    print(f"answered after {time.monotonic() - began_at:.2f} s")
    assert answer.status_code == 200
    assert "is not in the right format" in answer.text
    assert typed["given_name"] in answer.text
    assert last_unusable_at("pre_screening", "^(a+)+$")
