"""`make status` shows the state that the parts report."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from camunda7.engine import EngineUnavailable
from processes.positions import BOTTLENECKS
from stack import status
from stack.status import _find_problem
from tests.support.http_server import Call, Reply, http_server
from tests.support.ports import free_port

UNREACHABLE = "the database of lab.database_url is unavailable"
REFUSED = "lab: the lab refuses the API key of lab.api_key (401)"


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (Reply(200, b"ok\n", "text/plain"), ""),
        (Reply(503, REFUSED.encode() + b"\n", "text/plain; charset=utf-8"), REFUSED),
        (
            Reply(503, b'{"code": "unavailable", "message": "the database of lab.database_url is unavailable"}'),
            UNREACHABLE,
        ),
        (Reply(503, b"[1]"), "answers 503"),
        (Reply(503, b"<h1>Service Unavailable</h1>", "text/html"), "answers 503"),
    ],
)
def test_the_problem_that_a_part_reports(reply: Reply, problem: str) -> None:
    with http_server(lambda call: reply) as url:
        assert _find_problem(url + "/readyz") == problem


def test_a_part_that_is_unreachable_doesnt_answer() -> None:
    assert _find_problem(f"http://127.0.0.1:{free_port()}/readyz") == "doesn't answer"


METRIC = b'coronacare_outage_seconds{what="email"} 75.2\ncoronacare_outage_seconds{what="sms"} 0.0\n'
STOCK = b'{"kits": 5, "waiting": 0}'
DOCTORS = b"coronacare_doctors_on_duty 2.0\n"
ANSWERS = {
    "/engine/engine-rest/process-definition": b"[]",
    "/engine/engine-rest/coronacare/activity-statistics/versions": b"[]",
    "/engine/engine-rest/coronacare/activity-statistics/running": b"[]",
    "/engine/engine-rest/coronacare/activity-statistics/past": json.dumps(
        {step: [0] for step in BOTTLENECKS.values()}
    ).encode(),
    "/engine/engine-rest/external-task": b"[]",
    "/engine/engine-rest/incident": b"[]",
    "/lab/v1/stock": STOCK,
}
KPIS = {"closed": {"kpi": "Closed cases", "text": "33"}}


def incidents(count: int) -> bytes:
    """The engine's list of incidents for this number of failed jobs."""
    common = {"incidentType": "failedJob", "incidentTimestamp": "2020-05-10T12:00:00.000+0000"}
    common |= {"failedActivityId": None, "activityId": "Event_Due", "configuration": "1", "processInstanceId": "p"}
    common |= {"processDefinitionId": "d"}
    return json.dumps([{**common, "id": str(n), "causeIncidentId": str(n)} for n in range(count)]).encode()


def run_status(monkeypatch: pytest.MonkeyPatch, failed: int = 0, **replies: Reply) -> tuple[bool, list[str]]:
    """Run `make status`; return whether all is well, and the printed lines.

    Args:
        failed: number of failed jobs.
        replies: answers by the first part of the path; other requests are answered by 200.
    """
    answers = {**ANSWERS, "/engine/engine-rest/incident": incidents(failed)}

    def answer(call: Call) -> Reply:
        path = call.path.partition("?")[0]
        if (part := path.split("/")[1]) in replies:
            return replies[part]
        return Reply(200, answers[path]) if path in answers else Reply(200, b"", "text/plain")

    monkeypatch.setattr(status, "read_kpis", lambda state: KPIS)
    with http_server(answer) as url:
        state: dict[str, Any] = {part: f"{url}/{part}" for part in status.READY}
        state |= {"lab_api_key": "key", "accounts": {"process_manager": {"username": "m", "password": "p"}}}
        console = Console(width=60, file=io.StringIO())
        is_well = status.show_status(state, console)
        return is_well, console.file.getvalue().splitlines()


def last_line(result: tuple[bool, list[str]]) -> tuple[bool, str]:
    is_well, lines = result
    return is_well, lines[-1]


def test_the_last_line_says_that_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert last_line(run_status(monkeypatch)) == (True, "All is well.")


def test_the_last_line_names_all_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Reply(503, REFUSED.encode() + b"\nrecords: unavailable\n", "text/plain")
    is_well, line = last_line(run_status(monkeypatch, 2, workers=refused, sms=Reply(500, b"", "text/html")))
    text = f"workers: {REFUSED}, records: unavailable; sms: answers 500; 2 incidents: see /staff/incidents"
    assert (is_well, line) == (False, f"NOT WELL: {text}")


def test_figures_come_from_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    _, lines = run_status(monkeypatch, 1, webapp=Reply(200, DOCTORS, "text/plain"))
    assert "Test kits in stock: 5. Doctors on duty: 2. Incidents: 1." in lines
    assert any("Closed cases" in line and "33" in line for line in lines)


def test_the_engines_figures_are_left_out_during_its_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    is_well, lines = run_status(monkeypatch, engine=Reply(503, b"", "text/html"))
    assert (is_well, lines[-1]) == (False, "NOT WELL: engine: answers 503")
    assert not any("Patients waiting" in line for line in lines)


def test_an_unavailable_part_does_not_hide_the_figures_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    unavailable = Reply(503, b"", "text/html")
    is_well, lines = run_status(monkeypatch, webapp=unavailable, lab=unavailable)
    assert (is_well, lines[-1]) == (False, "NOT WELL: webapp: answers 503; lab: answers 503")
    text = " ".join(" ".join(lines).split())
    assert "Test kits in stock: the laboratory doesn't answer. Doctors on duty: –. Incidents: 0." in text


def test_a_channel_with_an_outage_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    is_well, line = last_line(run_status(monkeypatch, workers=Reply(200, METRIC, "text/plain")))
    assert (is_well, line) == (False, "NOT WELL: email: out of service for 1 min 15 s; see the workers' log")


def test_an_error_while_reading_the_engine_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(engine: Any) -> list[Any]:
        raise EngineUnavailable("no answer")

    monkeypatch.setattr(status, "list_incidents", fail)
    line = "NOT WELL: the engine's figures can't be read (EngineUnavailable)"
    assert last_line(run_status(monkeypatch)) == (False, line)


def test_an_error_while_reading_the_kpis_is_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "records.db").mkdir()
    state = {"records": f"sqlite:///{tmp_path}/records.db", "suppress_below": 0}
    console = Console(file=io.StringIO())
    [reason] = status._show_kpis(state, console)
    assert reason.startswith("KPIs: the database of records.database_url can't be reached or written")


def test_the_web_application_is_requested_directly_and_not_by_the_front(monkeypatch: pytest.MonkeyPatch) -> None:
    with http_server(lambda call: Reply(200, b"", "text/plain")) as url:
        state = dict.fromkeys(status.READY, url) | {"webapp": f"{url}:1", "webapp_itself": url}
        assert status._show_parts(state, Console(file=io.StringIO())) == []
