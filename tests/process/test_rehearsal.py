"""`make rehearse`: the cases for which a changed decision has another result, compared with plain Python."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config import settings
from config.settings import ROOT, environment_name
from processes.cases import new_reference, start_case
from processes.elements import Process
from processes.engine import Engine
from tests.support.algorithm import ILLNESSES, day_status, orientation
from tests.support.case import GREEN_DAY, NO_SYMPTOMS, CaseUnderTest, eventually

pytestmark = pytest.mark.serial

CASES = 1000 if os.environ.get("FAULTS") else 60
# the age from which people are at risk, before and after the change
AGE, CHANGED_AGE = 65, 55
# the lowest oxygen saturation in % that is green, before and after the change
SPO2, CHANGED_SPO2 = 95, 96
DAYS = 1000 if os.environ.get("FAULTS") else 60
# evaluates the decision on one day at home, as watch_at_home does after a report
RECORDED_DAY = """<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="http://coronacare.example/tests">
  <bpmn:process id="recorded_day" isExecutable="true" camunda:historyTimeToLive="P1D">
    <bpmn:startEvent id="Event_Reported" />
    <bpmn:sequenceFlow id="Flow_Reported" sourceRef="Event_Reported" targetRef="Task_AssessDay" />
    <bpmn:businessRuleTask id="Task_AssessDay" camunda:decisionRef="home_watch" />
  </bpmn:process>
</bpmn:definitions>
"""
SYMPTOMS = ("cough", "sore_throat_or_aches", "loss_of_taste_or_smell", "diarrhea", "fatigue", "bedridden_half_day")


@pytest.fixture
def engine(state: dict[str, Any]) -> Engine:
    account = state["accounts"]["admin"]
    return Engine(state["engine"], account["username"], account["password"])


def answers_of(rng: random.Random) -> dict[str, Any]:
    born = date(date.today().year - rng.randint(15, 90), 1, 1)
    symptoms = {name: rng.random() < 0.3 for name in SYMPTOMS}
    return {
        **NO_SYMPTOMS,
        **symptoms,
        "date_of_birth": str(born),
        "temperature": rng.choice(("at_least_39", "no_fever")),
    }


def expected_orientation(answers: dict[str, Any], limit: int) -> str:
    """The algorithm's result if people are at risk from the age `limit`."""
    bmi = answers["weight_kg"] / (answers["height_cm"] / 100) ** 2
    age = date.today().year - int(answers["date_of_birth"][:4])
    known = {**dict.fromkeys(ILLNESSES, False), **answers, "age": age, "bmi": bmi}
    # an age at risk is replaced by an illness, because the algorithm's own age limit is fixed
    converted = {**known, "age": min(age, AGE - 1), "cancer": known["cancer"] or age >= limit}
    return orientation(converted)


def count_evaluations(engine: Engine) -> int:
    """Number of pre-screenings in the engine's history."""
    query = {"decisionDefinitionKey": "pre_screening", "processDefinitionKey": Process.CORONA_CARE}
    return engine.get("/history/decision-instance/count", **query)["count"]


def run_rehearsal(
    state: dict[str, Any], file: Path, *count: str, user: str = "admin"
) -> subprocess.CompletedProcess[str]:
    account = state["accounts"][user]
    engine_access = {
        environment_name("engine", "url"): state["engine"],
        environment_name("engine", "username"): account["username"],
        environment_name("engine", "password"): account["password"],
    }
    command = [sys.executable, "-m", "deployment", "rehearse", str(file), *count]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **engine_access}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The pre-screening with another age limit."""
    text = (ROOT / "processes" / "pre_screening.dmn").read_text()
    for sign in ("&gt;=", "&lt;"):
        assert f"<text>{sign} {AGE}</text>" in text
        text = text.replace(f"<text>{sign} {AGE}</text>", f"<text>{sign} {CHANGED_AGE}</text>")
    (tmp_path / "pre_screening.dmn").write_text(text)
    return tmp_path / "pre_screening.dmn"


def test_a_changed_age_limit_is_reported_case_by_case(state: dict[str, Any], engine: Engine, changed: Path) -> None:
    rng, policy = random.Random(3), settings.load().policy.model_dump()
    cases = {new_reference(): answers_of(rng) for _ in range(CASES)}
    before = count_evaluations(engine)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda case: start_case(engine, case, cases[case], policy), cases))
    eventually(lambda: count_evaluations(engine) >= before + CASES)
    before = count_evaluations(engine)

    # more than CASES, because the cases of other tests are rehearsed as well
    done = run_rehearsal(state, changed, str(3 * CASES))

    assert done.returncode == 0, done.stderr
    expected = {
        case: (old, new)
        for case, answers in cases.items()
        if (old := expected_orientation(answers, AGE)) != (new := expected_orientation(answers, CHANGED_AGE))
    }
    reported: dict[str, tuple[str, str]] = {}
    for change, references in re.findall(r"  orientation: (.*): \d+\n    (.*)\n", done.stdout):
        old, new = change.split(" → ")
        reported |= {case: (old, new) for case in references.split(", ") if case in cases}
    assert reported == expected
    assert len(Counter(expected.values())) > 1
    # the rehearsal adds no evaluation to the history, and prints no answer
    assert count_evaluations(engine) == before
    assert not re.search(r"\d{4}-\d{2}-\d{2}|at_least_39", done.stdout)


def day_of(rng: random.Random) -> dict[str, Any]:
    """Values of a day, as the decision home_watch gets them."""
    return {
        "breathless": False,
        "unable_to_eat_or_drink": rng.random() < 0.05,
        "spo2_today": rng.randint(92, 97),
        "spo2_drop": rng.choice((0, 0, 1, 3)),
        "pulse_today": rng.choice((70, 70, 70, 120)),
        "temperature_today_c": rng.choice((36.8, 36.8, 39.5)),
        "feeling": rng.choice(("better", "worse")),
        "days_worse_now": rng.randint(0, 2),
        "risk_factor": rng.random() < 0.5,
    }


def record_day(engine: Engine, reference: str, day: dict[str, Any]) -> None:
    variables = {name: {"value": value} for name, value in day.items()}
    engine.post("/process-definition/key/recorded_day/start", {"businessKey": reference, "variables": variables})


def test_a_changed_threshold_of_the_watch_at_home_is_reported_day_by_day(
    state: dict[str, Any], engine: Engine, tmp_path: Path
) -> None:
    # given recorded days, one of them of a watched patient
    engine.upload("/deployment/create", {"deployment-name": "recorded_day"}, {"day.bpmn": RECORDED_DAY.encode()})
    rng = random.Random(5)
    days = {new_reference(): day_of(rng) for _ in range(DAYS)}
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda reference: record_day(engine, reference, days[reference]), days))
    watched = CaseUnderTest(state, is_watched=True)
    watched.start_care(8)
    watched.record_visit("positive")
    watched.wait_until_at("Event_ReportHour")
    watched.fire_timer("Event_ReportHour")
    watched.submit_form("daily_report", {**GREEN_DAY, "spo2": SPO2})
    eventually(lambda: watched.value("diary"))

    # when a saturation of 95 % is amber instead of green
    text = (ROOT / "processes" / "home_watch.dmn").read_text()
    assert "<text>[93..94]</text>" in text
    changed = tmp_path / "home_watch.dmn"
    changed.write_text(text.replace("<text>[93..94]</text>", "<text>[93..95]</text>"))
    done = run_rehearsal(state, changed, str(3 * DAYS))

    # then
    assert done.returncode == 0, done.stderr
    expected = {
        reference for reference, day in days.items() if day_status(**day) != day_status(**day, normal_spo2=CHANGED_SPO2)
    }
    [reported] = re.findall(r"  day_status: green → amber: \d+\n    (.*)\n", done.stdout)
    assert {each for each in reported.split(", ") if each in days or each == watched.reference} == {
        *expected, watched.reference
    }  # fmt: skip
    assert expected
    assert done.stdout.count("→") == 1


def test_an_unchanged_decision_has_the_same_results(state: dict[str, Any]) -> None:
    done = run_rehearsal(state, ROOT / "processes" / "testing_priority.dmn", "20")
    assert done.returncode == 0, done.stderr
    assert "another result for 0 cases" in done.stdout or "no case has evaluated" in done.stdout


def test_a_file_that_can_not_be_rehearsed_is_reported(state: dict[str, Any], changed: Path) -> None:
    renamed = changed.rename(changed.with_name("other.dmn"))
    assert "other.dmn isn't deployed" in run_rehearsal(state, renamed).stderr
    broken = renamed.rename(renamed.with_name("pre_screening.dmn"))
    broken.write_text(broken.read_text().replace("<text>&lt; 15</text>", "<text>young</text>"))
    assert "row 1, column “Age”: “young” isn't a text" in run_rehearsal(state, broken).stderr
    # an account that may not read answers finds no case
    manager = run_rehearsal(state, ROOT / "processes" / "pre_screening.dmn", user="process_manager")
    assert manager.stdout == "no case has evaluated these decisions\n"
