"""What patients say is in the databases and nowhere else: not in logs, metrics, addresses, incidents or errors.

A patient whose every answer is unique goes the whole road, with failures; then each byte that was written is searched.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from camunda7.engine import EngineError
from camunda7.forms.browser import Browser
from processes.cases import current_steps
from processes.engine import Engine
from tests.support.canaries import BORN, Canaries, asks_for_care, ends_care, files_under
from tests.support.case import VISIT, CaseUnderTest, eventually
from tests.support.mail import mails_to
from tests.support.postgresql import DATABASES, dump

pytestmark = pytest.mark.engine

# what was refused, or belongs to nobody
UNKEPT = {"refused", "unasked", "guess", "asked_for", "sampling_time"}


BREAKS = b"""<?xml version="1.0"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="x"
 xmlns:camunda="http://camunda.org/schema/1.0/bpmn">
 <process id="canaries" isExecutable="true" camunda:historyTimeToLive="P1D">
  <startEvent id="start"/><sequenceFlow id="flow" sourceRef="start" targetRef="task"/>
  <serviceTask id="task" camunda:asyncBefore="true" camunda:expression="${dateTime().parse(typed)}"/>
 </process></definitions>"""


def test_no_log_metric_address_or_error_says_anything_of_a_patient(state: dict[str, Any]) -> None:
    words = Canaries()
    browser, heard = Browser(state["webapp"]), []
    browser.listen(lambda answer: heard.append(answer.url.encode()))
    case = road(state, browser, words)

    admin = case.admin
    job_fails(admin, words)
    logs = list(files_under(Path(state["logs"])))
    assert len(logs) >= 7
    assert words.found_in(logs) == set()
    for part in ("engine", "webapp", "workers", "lab", "government", "sms"):
        metrics = requests.get(state[part] + ("/actuator/prometheus" if part == "engine" else "/metrics"), timeout=10)
        metrics.raise_for_status()
        assert words.found_in([metrics.content]) == set()
    assert len(heard) > 20
    assert words.found_in(heard) == set()
    errors = errors_of(admin)
    assert b"IllegalArgumentException" in b"".join(errors)
    assert words.found_in(errors) == set()
    assert case.reference.encode() in b"".join(logs)

    # and the same search finds each where it belongs
    stored = [*files_under(Path(state["mail"])), *map(dump, DATABASES)]
    assert words.found_in(stored) == words.words.keys() - UNKEPT


def road(state: dict[str, Any], browser: Browser, words: Canaries) -> CaseUnderTest:
    """From the pre-screening to the report, with what goes wrong on the way."""
    case = CaseUnderTest(state)
    # a wrong answer, and one to a question that nobody asked
    wrong = browser.send(browser.open("/forms/pre_screening"), {"height_cm": words.word("refused")})
    browser.post(wrong, [("csrf_token", token_of(wrong)), ("unasked", words.word("unasked"))])
    asks_for_care(case, browser, words)
    # wrong sign-ins
    stranger = Browser(state["webapp"])
    stranger.send(stranger.open("/sign-in"), {"access_code": words.word("guess"), "date_of_birth": BORN})
    stranger.send(stranger.open("/lost-code"), {"address": words.email("asked_for"), "date_of_birth": BORN})
    with_incidents(case, words)
    ends_care(case, browser, words)
    eventually(lambda: mails_to(state, f"{words.words['email']}@patients.example"))
    return case


def with_incidents(case: CaseUnderTest, words: Canaries) -> None:
    """An expression of the engine breaks on what was typed; the lab refuses what it gets, until that is put right."""
    case.lab_will_find("positive")
    broken = {**VISIT, "sample_barcode": case.barcode, "sampling_time": words.word("sampling_time")}
    with pytest.raises(EngineError):
        case.admin.submit(case.waits_for("medical_visit").id, broken)
    note = {"visit_note": words.word("visit_note"), "specimen_type": None}
    case.staff_completes("medical_team", "medical_visit", {**VISIT, "sample_barcode": case.barcode, **note})
    eventually(case.incidents)
    errors_of(case.admin)
    assert "Task_OrderLabTest" in current_steps(case.admin, case.case())
    [instance] = case.case().called
    body = {"modifications": {"specimen_type": {"value": "saliva", "type": "String"}}}
    case.admin.post(f"/process-instance/{instance}/variables", body)
    [task] = case.admin.get("/external-task", processInstanceId=instance)
    case.admin.put(f"/external-task/{task['id']}/retries", {"retries": 3})
    case.waits_for("doctor_report")


def job_fails(admin: Engine, words: Canaries) -> None:
    """A job of the engine breaks on a value, and says so in an incident."""
    admin.upload("/deployment/create", {"deployment-name": "canaries"}, {"canaries.bpmn": BREAKS})
    body = {"variables": {"typed": {"value": words.word("job"), "type": "String"}}}
    instance = admin.post("/process-definition/key/canaries/start", body)["id"]
    eventually(lambda: admin.get("/incident", processInstanceId=instance))
    assert words.found_in(errors_of(admin)) == set()
    # its history stays, its incident doesn't disturb others
    admin.delete(f"/process-instance/{instance}")


def errors_of(admin: Engine) -> list[bytes]:
    """The texts of all incidents that there were, and what stands behind them."""
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
