"""The decisions: thousands of combinations against the rules stated a second time, and each input spoilt.

The combinations are evaluated by the DMN engine alone, some of them also by the process engine.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from camunda7.engine import EngineRefused
from processes.engine import Engine
from tests.support.algorithm import ILLNESSES, orientation
from tests.support.decisions import evaluate_all

TEMPERATURES = ("below_35_5", "from_35_5_to_37_7", "from_37_8_to_38_9", "at_least_39", "unknown", "no_fever")
WELL: dict[str, Any] = {
    "age": 30,
    "bmi": 22.0,
    "temperature": "no_fever",
    **dict.fromkeys(("cough", "sore_throat_or_aches", "loss_of_taste_or_smell", "diarrhea"), False),
    **dict.fromkeys(("fatigue", "bedridden_half_day", "unable_to_eat_or_drink", "breathless"), False),
    "heart_disease": "no",
    "weakened_immunity": "no",
    **dict.fromkeys(ILLNESSES, False),
}
PRIORITY = {
    "orientation": "evaluation_needed",
    "risk_factor": False,
    "works_in": "other",
    "lives": "alone",
    "exposed": False,
}
PRIORITY_INPUTS = ("orientation", "risk_factor", "works_in", "lives", "exposed")
RANDOM = 1500
ON_ENGINE = 40


@pytest.fixture(scope="module")
def engine(state: dict[str, Any]) -> Engine:
    return Engine(state["engine"], "admin", state["accounts"]["admin"]["password"])


def combinations() -> Iterator[dict[str, Any]]:
    """Each temperature with each set of symptoms, with and without risk; the edges of age and BMI; random answers."""
    flags = ("cough", "sore_throat_or_aches", "loss_of_taste_or_smell", "diarrhea", "fatigue", "bedridden_half_day")
    for temperature, risk in itertools.product(TEMPERATURES, (False, True)):
        for values in itertools.product((False, True), repeat=len(flags)):
            yield {**WELL, "temperature": temperature, "diabetes": risk, **dict(zip(flags, values, strict=True))}
    for age, bmi, fever in itertools.product((0, 14, 15, 49, 50, 64, 65, 120), (29.9, 30, 30.1), TEMPERATURES):
        yield {**WELL, "age": age, "bmi": bmi, "temperature": fever}
        yield {**WELL, "age": age, "bmi": bmi, "temperature": fever, "diarrhea": True}
    for illness in ILLNESSES:
        yield {**WELL, "cough": True, illness: True}
    for heart, immunity in itertools.product(("yes", "no", "unknown"), repeat=2):
        yield {**WELL, "cough": True, "heart_disease": heart, "weakened_immunity": immunity}
    for major in ("breathless", "unable_to_eat_or_drink"):
        yield {**WELL, major: True}
    chance = random.Random(2020)
    for _ in range(RANDOM):
        yield {name: _any(chance, name, value) for name, value in WELL.items()}


def _any(chance: random.Random, name: str, value: Any) -> Any:
    if name == "age":
        return chance.choice((10, 14, 15, 30, 49, 50, 64, 65, 90))
    if name == "bmi":
        return chance.choice((18.5, 29.9, 30.0, 41.0))
    if name == "temperature":
        return chance.choice(TEMPERATURES)
    if isinstance(value, bool):
        return chance.random() < 0.25
    return chance.choice(("yes", "no", "no", "unknown"))


def evaluate(engine: Engine, decision: str, inputs: dict[str, Any]) -> dict[str, Any]:
    body = {"variables": {name: {"value": value} for name, value in inputs.items()}}
    rows = engine.post(f"/decision-definition/key/{decision}/evaluate", body)
    assert len(rows) == 1
    return {name: output["value"] for name, output in rows[0].items()}


def test_pre_screening_says_what_the_algorithm_says() -> None:
    cases = list(combinations())
    assert len(cases) > 2500
    said = [row["orientation"] for row in evaluate_all("pre_screening", cases)]

    wrong = [(inputs, answer) for inputs, answer in zip(cases, said, strict=True) if answer != orientation(inputs)]
    assert wrong == []
    reached = Counter(said)
    assert len(reached) == 7
    assert min(reached.values()) >= 20, reached


def test_the_engine_says_the_same(engine: Engine) -> None:
    for inputs in random.Random(ON_ENGINE).sample(list(combinations()), ON_ENGINE):
        assert evaluate(engine, "pre_screening", inputs)["orientation"] == orientation(inputs)


@pytest.mark.parametrize("name", WELL)
@pytest.mark.parametrize("spoilt", ["missing", "null", "malformed"])
def test_pre_screening_answers_nothing_without_an_input(engine: Engine, name: str, spoilt: str) -> None:
    _refused(engine, "pre_screening", WELL, name, spoilt)


@pytest.mark.parametrize("name", PRIORITY)
@pytest.mark.parametrize("spoilt", ["missing", "null", "malformed"])
def test_testing_priority_answers_nothing_without_an_input(engine: Engine, name: str, spoilt: str) -> None:
    _refused(engine, "testing_priority", PRIORITY, name, spoilt)


def test_the_first_row_that_holds_gives_the_priority() -> None:
    orientations = ("evaluation_advised", "evaluation_needed", "evaluation_needed_at_risk", "evaluation_urgent")
    works = ("health_or_care", "closed_setting", "school", "other", "none")
    lives = ("alone", "family", "shared", "closed_setting")
    cases = list(itertools.product((*orientations, "self_monitor"), (False, True), works, lives, (False, True)))
    rows = evaluate_all("testing_priority", [dict(zip(PRIORITY_INPUTS, case, strict=True)) for case in cases])
    assert len(rows) == 400
    for case, row in zip(cases, rows, strict=True):
        assert (row["testing_priority"], row["report_due_hours"]) == _priority(*case)


def _priority(said: str, risk: bool, where: str, how: str, exposed: bool) -> tuple[int, int]:
    symptoms = said != "self_monitor"
    if said == "evaluation_urgent":
        return 90, 4
    if symptoms and risk:
        return 80, 4
    if where == "health_or_care":
        return 70, 12
    if "closed_setting" in (where, how):
        return 60, 12
    if symptoms:
        return (50, 24) if exposed else (40, 24)
    return 20, 48


def _refused(engine: Engine, decision: str, well: dict[str, Any], name: str, spoilt: str) -> None:
    inputs = dict(well)
    if spoilt == "missing":
        del inputs[name]
    else:
        inputs[name] = None if spoilt == "null" else "nonsense"
    with pytest.raises(EngineRefused) as refusal:
        evaluate(engine, decision, inputs)
    assert refusal.value.status == 500
