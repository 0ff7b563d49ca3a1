"""Incidents in a manager's words, and what became of those that were retried."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup

from camunda7.engine import NotFound
from config.settings import ROOT
from processes.incidents import JOB, TASK, Incident
from tests.unit.webapp.managers import answer_for_engine, signed_in_client
from webapp.staff.explanations import NO_REASON, explain

pytestmark = pytest.mark.usefixtures("records")
SINCE, LATER = "2026-06-01T12:00:00.000+0000", "2026-06-01T13:00:00.000+0000"
DEFINITION = "corona_care:1"


def task(id_: str, message: str) -> dict[str, Any]:
    fields = {"topicName": "lab.tell_result", "activityId": "Task_TellResult", "processDefinitionId": DEFINITION}
    return {"id": id_, "businessKey": f"C-{id_}", "processInstanceId": f"i-{id_}", "errorMessage": message, **fields}


def incident(kind: str, configuration: str, element: str = "Task_TellResult", end: str = SINCE) -> dict[str, Any]:
    where = {"failedActivityId": element, "activityId": element, "processDefinitionId": DEFINITION}
    when = {"incidentTimestamp": SINCE, "endTime": end, "processInstanceId": f"i-{configuration}"}
    number = f"n-{configuration}"
    ids = {"id": number, "causeIncidentId": number, "incidentType": kind, "configuration": configuration}
    return ids | where | when


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> BeautifulSoup:
    """The page with two refused tasks and a failed job; one of the tasks, and a task that is done, were retried."""
    message = "Refused: lab answered 409 barcode_known"
    answers = {
        "/external-task": [task("1", message), task("2", message)],
        "/incident": [incident(TASK, "1"), incident(TASK, "2"), incident(JOB, "3", "Task_AssessRisk")],
        "/history/incident": [incident(TASK, "1", end=LATER), incident(TASK, "9")],
        "/history/process-instance": lambda body: [
            {"id": i, "businessKey": f"R-{i}"} for i in body["processInstanceIds"]
        ],
        f"/process-definition/{DEFINITION}/xml": {"bpmn20Xml": (ROOT / "processes/corona_care.bpmn").read_text()},
    }
    answer_for_engine(monkeypatch, answers)
    client = signed_in_client(monkeypatch, cockpit_url="/cockpit/")
    return BeautifulSoup(client.get("/staff/incidents").text, "html.parser")


def test_incidents_are_grouped_by_the_steps_name_with_an_explanation(page: BeautifulSoup) -> None:
    assert [each.text for each in page.select("section h2")] == [
        "! 2 cases are stuck at Publish result",
        "! 1 case is stuck at Assess risk",
    ]
    refused, failed = page.select("section")
    assert "The laboratory refused our request: a test with this barcode was ordered already." in refused.text
    assert [each.text for each in refused.select("td a")] == ["C-1", "C-2"]
    # the case of a job is found by its process instance
    assert [each.text for each in failed.select("td a")] == ["R-i-3"]
    buttons = [(each["name"], each["value"]) for each in page.select("section button")]
    assert buttons == [("task", "1"), ("task", "2"), ("topic", "lab.tell_result"), ("job", "3")]


def test_the_page_says_what_became_of_retried_incidents(page: BeautifulSoup) -> None:
    rows = [[cell.text for cell in row.select("td")] for row in page.select("table")[-1].select("tbody tr")]
    assert rows == [
        ["1 Jun 2026, 13:00", "R-i-1", "Publish result", "Failed again"],
        ["1 Jun 2026, 12:00", "R-i-9", "Publish result", "Not failed"],
    ]


def refuse_unknown(_query: dict[str, Any]) -> None:
    raise NotFound("GET", 404, "RestException")


def test_a_job_of_the_engine_itself_and_one_of_a_deleted_version_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    of_the_engine = {"processDefinitionId": None, "processInstanceId": None, "failedActivityId": None}
    clean_up = {**incident(JOB, "1"), **of_the_engine, "activityId": None}
    of_deleted = {**incident(JOB, "2", "Task_Former"), "processDefinitionId": "deleted:1"}
    answers = {
        "/external-task": [],
        "/incident": [clean_up, of_deleted],
        "/history/incident": [{**clean_up, "configuration": "3", "id": "n-3", "causeIncidentId": "n-3"}],
        "/history/process-instance": [],
        "/process-definition/deleted:1/xml": refuse_unknown,
    }
    answer_for_engine(monkeypatch, answers)
    page = BeautifulSoup(signed_in_client(monkeypatch).get("/staff/incidents").text, "html.parser")
    assert [each.text for each in page.select("section h2")] == [
        "! 1 case is stuck at Work of the engine itself",
        "! 1 case is stuck at Task_Former",
    ]
    assert [row.text for row in page.select("table")[-1].select("tbody td")][1:3] == [
        "no case",
        "Work of the engine itself",
    ]


@pytest.mark.parametrize(
    ("topic", "message", "happened"),
    [
        ("a.b", "Refused: lab answered 400 malformed", "The laboratory refused our request: a value is missing"),
        ("a.b", "Refused: government answered 409 erased", "The health authority refused our request: the case was"),
        ("a.b", "Refused: other answered 418", f"The service other refused our request: {NO_REASON}."),
        ("a.b", "Faulty: lab: 500", "The laboratory failed with an error of its own."),
        ("a.b", "KeyError", "Our software failed"),
        ("a.b", None, "Our software failed"),
        (None, None, "The engine couldn't do this step."),
    ],
)
def test_an_explanation_says_what_happened(topic: str | None, message: str | None, happened: str) -> None:
    kind = TASK if topic else JOB
    found = explain(Incident(kind, "1", topic, "e", DEFINITION, None, "i", datetime.now(UTC), message))
    assert found.happened.startswith(happened)
    assert found.retrying
    assert found.next_step
