"""`make rehearse`: for whom a changed decision would say something else, held against plain Python."""

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
# the age from which somebody is at risk, as it is and as it might be
AGE, CHANGED_AGE = 65, 55
SYMPTOMS = ("cough", "sore_throat_or_aches", "loss_of_taste_or_smell", "diarrhea", "fatigue", "bedridden_half_day")


@pytest.fixture
def engine(state: dict[str, Any]) -> Engine:
    account = state["accounts"]["admin"]
    return Engine(state["engine"], account["username"], account["password"])


def answers_of(chance: random.Random) -> dict[str, Any]:
    born = date(date.today().year - chance.randint(15, 90), 1, 1)
    drawn = {name: chance.random() < 0.3 for name in SYMPTOMS}
    return {
        **NO_SYMPTOMS,
        **drawn,
        "date_of_birth": str(born),
        "temperature": chance.choice(("at_least_39", "no_fever")),
    }


def expected(answers: dict[str, Any], limit: int) -> str:
    """What the algorithm says, if people are at risk from this age on."""
    bmi = answers["weight_kg"] / (answers["height_cm"] / 100) ** 2
    age = date.today().year - int(answers["date_of_birth"][:4])
    known = {**dict.fromkeys(ILLNESSES, False), **answers, "age": age, "bmi": bmi}
    # whoever is at risk by age has an illness instead, so that the algorithm as it is counts it
    moved = {**known, "age": min(age, AGE - 1), "cancer": known["cancer"] or age >= limit}
    return orientation(moved)


def taken(engine: Engine) -> int:
    """How often cases have been pre-screened."""
    of = {"decisionDefinitionKey": "pre_screening", "processDefinitionKey": Process.CORONA_CARE}
    return engine.get("/history/decision-instance/count", **of)["count"]


def rehearsed(state: dict[str, Any], file: Path, *count: str, who: str = "admin") -> subprocess.CompletedProcess[str]:
    account = state["accounts"][who]
    told = {
        environment_name("engine", "url"): state["engine"],
        environment_name("engine", "username"): account["username"],
        environment_name("engine", "password"): account["password"],
    }
    command = [sys.executable, "-m", "deployment", "rehearse", str(file), *count]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **told}, capture_output=True, text=True, check=False)


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The pre-screening with another age limit."""
    text = (ROOT / "processes" / "pre_screening.dmn").read_text()
    for sign in ("&gt;=", "&lt;"):
        assert f"<text>{sign} {AGE}</text>" in text
        text = text.replace(f"<text>{sign} {AGE}</text>", f"<text>{sign} {CHANGED_AGE}</text>")
    (tmp_path / "pre_screening.dmn").write_text(text)
    return tmp_path / "pre_screening.dmn"


def test_a_changed_age_limit_is_told_case_by_case(state: dict[str, Any], engine: Engine, changed: Path) -> None:
    chance, policy = random.Random(3), settings.load().policy.model_dump()
    cases = {new_reference(): answers_of(chance) for _ in range(CASES)}
    before = taken(engine)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda case: start_case(engine, case, cases[case], policy), cases))
    eventually(lambda: taken(engine) >= before + CASES)
    before = taken(engine)

    # others' cases are taken as well
    done = rehearsed(state, changed, str(3 * CASES))

    assert done.returncode == 0, done.stderr
    wanted = {
        case: (old, new)
        for case, answers in cases.items()
        if (old := expected(answers, AGE)) != (new := expected(answers, CHANGED_AGE))
    }
    told: dict[str, tuple[str, str]] = {}
    for change, references in re.findall(r"  orientation: (.*): \d+\n    (.*)\n", done.stdout):
        old, new = change.split(" → ")
        told |= {case: (old, new) for case in references.split(", ") if case in cases}
    assert told == wanted
    assert len(Counter(wanted.values())) > 1
    # nothing was decided anew, and no answer is told
    assert taken(engine) == before
    assert not re.search(r"\d{4}-\d{2}-\d{2}|at_least_39", done.stdout)


def test_as_it_is_it_says_the_same(state: dict[str, Any]) -> None:
    done = rehearsed(state, ROOT / "processes" / "testing_priority.dmn", "20")
    assert done.returncode == 0, done.stderr
    assert "another result for 0 cases" in done.stdout or "no case has evaluated" in done.stdout


def test_what_can_not_be_rehearsed_is_said(state: dict[str, Any], changed: Path) -> None:
    renamed = changed.rename(changed.with_name("other.dmn"))
    assert "other.dmn isn't deployed" in rehearsed(state, renamed).stderr
    broken = renamed.rename(renamed.with_name("pre_screening.dmn"))
    broken.write_text(broken.read_text().replace("<text>&lt; 15</text>", "<text>young</text>"))
    assert "row 1, column “Age”: “young” isn't a text" in rehearsed(state, broken).stderr
    # whoever may not read answers learns nothing
    manager = rehearsed(state, ROOT / "processes" / "pre_screening.dmn", who="process_manager")
    assert manager.stdout == "no case has evaluated these decisions\n"
