"""Patients' data is in the databases only: not in logs, metrics, URLs, incidents or error messages.

A case whose every answer is a unique word runs to its end, with failures; then each written byte is searched.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from camunda7.engine import EngineError
from camunda7.forms.browser import Browser
from processes.cases import current_steps
from processes.engine import Engine
from tests.support.canaries import BORN, Canaries, complete_care, files_under, request_care
from tests.support.case import VISIT, CaseUnderTest, eventually
from tests.support.mail import mails_to
from tests.support.papers import download, draw, read_code, read_text
from tests.support.postgresql import DATABASES, dump

pytestmark = pytest.mark.engine

# words that aren't stored: they were refused, or belong to no case
NOT_STORED = {"refused", "unasked", "guess", "asked_for", "sampling_time"}


FAILING_PROCESS = b"""<?xml version="1.0"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
 targetNamespace="x"
 xmlns:camunda="http://camunda.org/schema/1.0/bpmn">
 <process id="canaries" isExecutable="true" camunda:historyTimeToLive="P1D">
  <startEvent id="start"/><sequenceFlow id="flow" sourceRef="start" targetRef="task"/>
  <serviceTask id="task" camunda:asyncBefore="true" camunda:expression="${dateTime().parse(typed)}"/>
 </process></definitions>"""


def test_no_log_metric_url_or_error_contains_data_of_a_patient(state: dict[str, Any]) -> None:
    words = Canaries()
    browser, urls = Browser(state["webapp"]), []
    browser.listen(lambda answer: urls.append(answer.url.encode()))
    case = run_case(state, browser, words)

    admin = case.admin
    fail_job(admin, words)
    logs = list(files_under(Path(state["logs"])))
    assert len(logs) >= 7
    assert words.find_fields(logs) == set()
    for part in ("engine", "webapp", "workers", "lab", "government", "sms"):
        metrics = requests.get(state[part] + ("/actuator/prometheus" if part == "engine" else "/metrics"), timeout=10)
        metrics.raise_for_status()
        assert words.find_fields([metrics.content]) == set()
    assert len(urls) > 20
    assert words.find_fields(urls) == set()
    errors = errors_of(admin)
    assert b"IllegalArgumentException" in b"".join(errors)
    assert words.find_fields(errors) == set()
    assert case.reference.encode() in b"".join(logs)

    # and the same search finds each word where it must be stored
    stored = [*files_under(Path(state["mail"])), *map(dump, DATABASES)]
    assert words.find_fields(stored) == words.words.keys() - NOT_STORED


def run_case(state: dict[str, Any], browser: Browser, words: Canaries) -> CaseUnderTest:
    """Run a case from the pre-screening to its end, with refused input and incidents."""
    case = CaseUnderTest(state)
    # an invalid answer, and a field that the page doesn't have
    wrong = browser.send(browser.open("/forms/pre_screening"), {"height_cm": words.word("refused")})
    browser.post(wrong, [("csrf_token", token_of(wrong)), ("unasked", words.word("unasked"))])
    request_care(case, browser, words)
    # failed sign-ins
    stranger = Browser(state["webapp"])
    stranger.send(stranger.open("/sign-in"), {"access_code": words.word("guess"), "date_of_birth": BORN})
    stranger.send(stranger.open("/lost-code"), {"address": words.email("asked_for"), "date_of_birth": BORN})
    cause_incidents(case, words)
    complete_care(case, browser, words)
    # a paper, which a stranger checks
    paper = download(browser, "result")
    assert words.words["family_name"] in read_text(paper)
    browser.open(urlsplit(read_code(draw(paper))).path)
    eventually(lambda: mails_to(state, f"{words.words['email']}@patients.example"))
    return case


def cause_incidents(case: CaseUnderTest, words: Canaries) -> None:
    """Make an expression of the engine fail on an answer, and the lab refuse an order until a variable is corrected."""
    case.set_lab_result("positive")
    invalid = {**VISIT, "sample_barcode": case.barcode, "sampling_time": words.word("sampling_time")}
    with pytest.raises(EngineError):
        case.admin.submit(case.wait_for_task("medical_visit").id, invalid)
    note = {"visit_note": words.word("visit_note"), "specimen_type": None}
    case.complete_staff_task("medical_team", "medical_visit", {**VISIT, "sample_barcode": case.barcode, **note})
    eventually(case.incidents)
    errors_of(case.admin)
    assert "Task_OrderLabTest" in current_steps(case.admin, case.case())
    [instance] = case.case().called
    body = {"modifications": {"specimen_type": {"value": "saliva", "type": "String"}}}
    case.admin.post(f"/process-instance/{instance}/variables", body)
    [task] = case.admin.get("/external-task", processInstanceId=instance)
    case.admin.put(f"/external-task/{task['id']}/retries", {"retries": 3})
    case.wait_for_task("doctor_report")


def fail_job(admin: Engine, words: Canaries) -> None:
    """Make a job of the engine fail on a variable's value, which creates an incident."""
    admin.upload("/deployment/create", {"deployment-name": "canaries"}, {"canaries.bpmn": FAILING_PROCESS})
    body = {"variables": {"typed": {"value": words.word("job"), "type": "String"}}}
    instance = admin.post("/process-definition/key/canaries/start", body)["id"]
    eventually(lambda: admin.get("/incident", processInstanceId=instance))
    assert words.find_fields(errors_of(admin)) == set()
    # its history remains; its incident would disturb other tests
    admin.delete(f"/process-instance/{instance}")


def errors_of(admin: Engine) -> list[bytes]:
    """The texts of all incidents and of the failures behind them, with their stack traces."""
    texts = [
        json.dumps(admin.get("/history/incident")),
        json.dumps(admin.get("/history/external-task-log", failureLog=True)),
    ]
    for entry in admin.get("/history/external-task-log", failureLog=True):
        texts.append(admin.get(f"/history/external-task-log/{entry['id']}/error-details") or "")
    for entry in admin.get("/history/job-log", failureLog=True):
        texts.append(json.dumps(entry) + (admin.get(f"/history/job-log/{entry['id']}/stacktrace") or ""))
    return [text.encode() for text in texts]


def token_of(page: Any) -> str:
    return page.content.select_one("[name=csrf_token]")["value"]
