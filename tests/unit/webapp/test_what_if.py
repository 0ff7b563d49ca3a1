"""The page "What if": its form, one run at a time, and the results of finished runs."""

from __future__ import annotations

import fcntl
import json
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from simulation import runs
from simulation.parameters import load_defaults
from simulation.scenario import parse_scenario
from tests.support.simulations import store_run
from tests.unit.webapp.managers import signed_in_client
from webapp.staff import what_if

pytestmark = pytest.mark.usefixtures("records")

ANSWERS = {
    "name": "Surge",
    "times": "10",
    "days": "7",
    "medical-team": "12",
    "doctors": "5",
    "contact-tracers": "8",
    "places": "120",
    "kits": "500",
    "delivered": "1000",
    "delivery_day": "3",
    "method": "time-lapse",
}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Commands of the processes that would have been started."""
    commands: list[list[str]] = []
    monkeypatch.setattr(runs, "_spawn", lambda command, lock: commands.append(command))
    monkeypatch.setattr(what_if, "_can_simulate", lambda: True)
    return commands


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FlaskClient:
    return signed_in_client(monkeypatch, simulation_folder=tmp_path)


def token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/staff/what-if").text)
    assert found
    return found[1]


def post(client: FlaskClient, path: str = "", **answers: str) -> tuple[int, str]:
    answer = client.post(f"/staff/what-if{path}", data={**ANSWERS, **answers, "csrf_token": token(client)})
    return answer.status_code, answer.headers.get("Location") or answer.text


def test_the_answers_become_a_scenario(client: FlaskClient, started: list[list[str]], tmp_path: Path) -> None:
    status, location = post(client)
    assert status == 303
    run_id = location.rpartition("/")[2]
    content = json.loads((tmp_path / "runs" / run_id / runs.SCENARIO).read_text())
    scenario = parse_scenario(content["scenario"], "stored")
    assert not content["is_fast"]
    assert (scenario.days, scenario.arrivals.times, scenario.laboratory.places) == (7, 10, 120)
    # by night as usual
    assert [shift.number for shift in scenario.staff["doctors"]] == [5, 1]
    assert [(each.day, each.kits) for each in scenario.kits.deliveries] == [(3, 1000)]
    assert started[0][:4] == [started[0][0], "-m", "simulation", "--run"]


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("doctors", "many", "Enter a whole number from 0 to 1000"),
        ("days", "61", "Enter a whole number from 1 to 60"),
        ("name", "", "Enter a name of at most 80 characters"),
    ],
)
def test_wrong_answers_are_explained_beside_the_question(
    client: FlaskClient, started: list[list[str]], name: str, value: str, error: str
) -> None:
    status, page = post(client, **{name: value})
    assert status == 400
    assert BeautifulSoup(page, "html.parser").select_one(f"#{name}-error").get_text(strip=True).endswith(error)
    assert started == []


def test_there_is_one_run_at_a_time(client: FlaskClient, started: list[list[str]], tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    with (tmp_path / "runs" / runs.LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        status, page = post(client)
    assert status == 400
    assert "Another simulation is running" in page
    assert started == []


def test_a_running_one_shows_its_progress_and_can_be_cancelled(
    client: FlaskClient, started: list[list[str]], tmp_path: Path
) -> None:
    _, location = post(client)
    run = tmp_path / "runs" / location.rpartition("/")[2]
    with (run.parent / runs.LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        runs.report_progress(run, 0.42)
        page = BeautifulSoup(client.get(location).text, "html.parser")
        assert page.select_one("progress")["value"] == "42"
        assert client.get(f"{location}/progress.json").json == {"is_processed": False, "decided": 42, "total": 100}
        assert post(client, f"/{run.name}/cancel")[0] == 303
        with pytest.raises(runs.Cancelled):
            runs.report_progress(run, 0.43)
    # its process has gone without results
    assert "ended unexpectedly" in client.get(location).text


def test_results_name_the_limit_and_what_to_do_and_are_compared(client: FlaskClient, tmp_path: Path) -> None:
    base, more = store_run(tmp_path, "Today"), store_run(tmp_path, "Ten more places", 50)
    page = BeautifulSoup(client.get(f"/staff/what-if/{more}?with={base}").text, "html.parser")
    headline = page.select_one(".headline").get_text(" ", strip=True)
    assert "The limit is the laboratory from day" in headline
    assert "Have 106 places in the laboratory instead of 50" in headline
    columns = [each.get_text() for each in page.select_one("table").select("thead th")]
    assert "Today: 9 of 10" in columns
    assert len(page.select("svg.chart__picture")) == 2
    assert page.select(".wide svg")


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_results_are_downloaded(client: FlaskClient, tmp_path: Path, kind: str) -> None:
    answer = client.get(f"/staff/what-if/{store_run(tmp_path, 'Today')}/results.{kind}")
    assert answer.status_code == 200
    assert "Task_VisitPatient" in answer.text


def test_unknown_runs_are_not_found(client: FlaskClient) -> None:
    for path in ("/0123", "/..", "/0123/results.csv", "/0123/progress.json"):
        assert client.get(f"/staff/what-if{path}").status_code == 404


def test_the_form_shows_the_usual_numbers() -> None:
    questions = {each.name: each.default for each in what_if.list_questions(load_defaults())}
    assert (questions["medical-team"], questions["doctors"]) == (6, 3)
