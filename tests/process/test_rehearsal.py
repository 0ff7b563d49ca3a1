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
from tests.support.algorithm import ILLNESSES, orientation
from tests.support.case import NO_SYMPTOMS, eventually

pytestmark = pytest.mark.serial

CASES = 1000 if os.environ.get("FAULTS") else 60
# the age from which people are at risk, before and after the change
AGE, CHANGED_AGE = 65, 55
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
