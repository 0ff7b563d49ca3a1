"""`make demo` with pilots of a few patients: the expected figures, a failure on other figures, and the tour."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from camunda7.forms.browser import Browser
from config.settings import ROOT, environment_name
from processes.elements import UserTask
from processes.engine import Engine
from stack.demo import Demo
from tests.support.case import eventually
from tests.support.managers import signed_in_manager
from tests.support.own_platform import read_state, state_file
from tests.support.platform import isolated_environment

pytestmark = pytest.mark.engine


def replay_pilot(folder: Path, pilot: dict[str, Any]) -> tuple[int, dict[str, Any], str]:
    """Replay a pilot; returns the exit status, the report and what was printed."""
    environment = {**environment_of(folder, pilot), "EXIT": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "stack", "demo"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    assert not (folder / "run" / "state.json").exists()
    return done.returncode, json.loads((folder / "report.json").read_text()), done.stdout


@contextmanager
def demo_up(folder: Path, pilot: dict[str, Any], **settings: str) -> Iterator[tuple[dict[str, Any], Path]]:
    """Run the demo until its tour: the content of state.json, and the file with its output."""
    environment, printed = environment_of(folder, pilot) | settings, folder / "printed"
    with printed.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "stack", "demo"], cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT
        )
        try:
            yield eventually(lambda: state_with_tour(process, environment), "no tour", within_s=300), printed
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
    assert not state_file(environment).exists()


def state_with_tour(process: subprocess.Popen[bytes], environment: dict[str, str]) -> dict[str, Any] | None:
    assert process.poll() is None, "the demo has ended"
    state = read_state(environment) if state_file(environment).exists() else {}
    return state if "tour" in state else None


def environment_of(folder: Path, pilot: dict[str, Any]) -> dict[str, str]:
    (folder / "pilot.yaml").write_text(yaml.safe_dump(pilot))
    files = {"PILOT": str(folder / "pilot.yaml"), "REPORT": str(folder / "report.json")}
    return isolated_environment(folder / "run") | files


@pytest.mark.verify
def test_the_tour_has_access_codes_and_the_pilots_kpis_exclude_the_history(tmp_path: Path) -> None:
    pilot = yaml.safe_load(Demo.PILOT.read_text())
    pilot |= {"patients": [pilot["patients"][0]], "expected": {"closed": 1}}
    settings = {environment_name("lab", "kits"): "40", environment_name("demo", "history_weeks"): "2"}
    with demo_up(tmp_path, pilot, **settings) as (state, printed):
        manager = signed_in_manager(state)
        figures = manager.read_json("/staff/kpis.json")
        # neither open nor invented cases are counted
        report = json.loads((tmp_path / "report.json").read_text())
        assert (
            (figures["closed"]["value"], figures["ratings"]["value"]) == (1, 1) == (report["closed"], report["ratings"])
        )
        assert 0 <= figures["onset_to_result_mean"]["value"] < 14
        assert manager.read_json("/staff/kpis.json?history=included")["closed"]["value"] > 20
        assert "Includes 2 weeks of invented history" in manager.open("/staff/kpis?history=included").text("main")
        # each access code opens its own case
        assert len(state["tour"]) == 17
        for stop in state["tour"]:
            browser = Browser(state["webapp"])
            page = browser.fill_in("/sign-in", {name: stop[name] for name in ("access_code", "date_of_birth")})
            assert stop["case_reference"] in page.text("main")
        waits = {each["what"]: each["now"] for each in manager.read_json("/staff/now.json")["waits"]}
        assert {what: now > 0 for what, now in waits.items()} == dict.fromkeys(waits, True)
        watched = {each["what"]: each["now"] for each in manager.read_json("/staff/now.json")["watched"]}
        assert (watched["Silent for a day, to be called"], watched["Red, to be called by a doctor"]) == (1, 1)
        # laboratory staff have two results to check
        account = state["accounts"]["lab_staff"]
        engine = Engine(state["engine"], account["username"], account["password"])
        tasks = eventually(lambda: len(found := engine.post("/task", {})) == 2 and found, "no results to check")
        assert {task["taskDefinitionKey"] for task in tasks} == {UserTask.CHECK_RESULT}
        output = eventually(lambda: "Ctrl-C" in printed.read_text() and printed.read_text(), "the tour did not end")
        assert all(f"{stop['case_reference']}  {stop['what']}" in output for stop in state["tour"])


def test_a_pilot_with_other_results_and_early_ends(tmp_path: Path) -> None:
    pilot = yaml.safe_load(Demo.PILOT.read_text())
    positive = next(p for p in pilot["patients"] if p["lab_result"] == "positive" and "contact_call" not in p)
    report = {"report_advice": "Rest.", "case_classification": "not_a_case"}
    negative = {**positive, "lab_result": "negative", "doctor_report": report, "review": {"rating": "3"}}
    del negative["close_contacts"]
    declining = {
        "patient": "Declines",
        "outcome": "evaluation_declined",
        "pre_screening": positive["pre_screening"],
        "evaluation_request": {"wants_evaluation": "no"},
    }
    emergency = {
        "patient": "Breathless",
        "outcome": "emergency_services",
        "pre_screening": {**positive["pre_screening"], "breathless": True},
    }
    pilot["patients"] = [positive, negative, declining, emergency]
    rating = int(positive["review"]["rating"])
    pilot["expected"] = {"closed": 4, "positive": 1, "negative": 1, "ratings": 2, "mean_feedback": (rating + 3) / 2}

    status, report, printed = replay_pilot(tmp_path, pilot)

    assert status == 0, printed
    assert {name: report[name] for name in pilot["expected"]} == pilot["expected"]
    assert report["other"] == 0
    assert report["cycle_time_s"] > 0


@pytest.mark.verify
def test_a_case_with_an_unexpected_outcome_fails_the_demo(tmp_path: Path) -> None:
    pilot = yaml.safe_load(Demo.PILOT.read_text())
    pilot["patients"] = [{**pilot["patients"][0], "outcome": "evaluation_declined"}]
    pilot["expected"] = {"positive": 7}

    status, report, printed = replay_pilot(tmp_path, pilot)

    assert status == 1
    assert report["closed"] == 1
    assert "ended as care_completed, not as expected in the file" in printed
    assert "Positive: 0, expected 7" in printed
