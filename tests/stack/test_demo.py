"""`make demo` with pilots of a few patients: its figures are the file's, and it fails when they are not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.settings import ROOT
from stack.demo import Demo
from tests.support.platform import own_environment

pytestmark = pytest.mark.engine


def demo(folder: Path, pilot: dict[str, Any]) -> tuple[int, dict[str, Any], str]:
    """Replay a pilot; returns the exit status, the report and what was printed."""
    environment = own_environment(folder / "run")
    (folder / "pilot.yaml").write_text(yaml.safe_dump(pilot))
    environment |= {"EXIT": "1", "PILOT": str(folder / "pilot.yaml"), "REPORT": str(folder / "report.json")}
    done = subprocess.run(
        [sys.executable, "-m", "stack", "demo"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    assert not (folder / "run" / "state.json").exists()
    return done.returncode, json.loads((folder / "report.json").read_text()), done.stdout


def test_other_lab_results_give_other_kpis_and_early_ends_are_walked(tmp_path: Path) -> None:
    pilot = yaml.safe_load(Demo.PILOT.read_text())
    positive = next(p for p in pilot["patients"] if p["lab_result"] == "positive" and "contact_call" not in p)
    report = {"report_advice": "Rest.", "case_classification": "not_a_case"}
    turned = {**positive, "lab_result": "negative", "doctor_report": report, "review": {"rating": "3"}}
    del turned["close_contacts"]
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
    pilot["patients"] = [positive, turned, declining, emergency]
    rating = int(positive["review"]["rating"])
    pilot["expected"] = {"closed": 4, "positive": 1, "negative": 1, "ratings": 2, "mean_feedback": (rating + 3) / 2}

    status, report, printed = demo(tmp_path, pilot)

    assert status == 0, printed
    assert {name: report[name] for name in pilot["expected"]} == pilot["expected"]
    assert report["other"] == 0
    assert report["cycle_time_s"] > 0


def test_a_case_that_ends_otherwise_fails_the_demo(tmp_path: Path) -> None:
    pilot = yaml.safe_load(Demo.PILOT.read_text())
    pilot["patients"] = [{**pilot["patients"][0], "outcome": "evaluation_declined"}]
    pilot["expected"] = {"positive": 7}

    status, report, printed = demo(tmp_path, pilot)

    assert status == 1
    assert report["closed"] == 1
    assert "ended as care_completed, not as the file says" in printed
    assert "Positive: 0, the file expects 7" in printed
