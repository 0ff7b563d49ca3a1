"""The decision tables: thousands of inputs compared with an independent implementation, and invalid inputs.

The DMN engine evaluates all of the combinations, the process engine a sample of them.
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
from tests.support.algorithm import ILLNESSES, day_status, orientation
from tests.support.decisions import evaluate_all

TEMPERATURES = ("below_35_5", "from_35_5_to_37_7", "from_37_8_to_38_9", "at_least_39", "unknown", "no_fever")
HEALTHY: dict[str, Any] = {
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
RANDOM_COUNT = 1500
ENGINE_COUNT = 40


@pytest.fixture(scope="module")
def engine(state: dict[str, Any]) -> Engine:
    return Engine(state["engine"], "admin", state["accounts"]["admin"]["password"])


def combinations() -> Iterator[dict[str, Any]]:
    """Each temperature with each set of symptoms, with and without risk; limits of age and BMI; random answers."""
    flags = ("cough", "sore_throat_or_aches", "loss_of_taste_or_smell", "diarrhea", "fatigue", "bedridden_half_day")
    for temperature, risk in itertools.product(TEMPERATURES, (False, True)):
        for values in itertools.product((False, True), repeat=len(flags)):
            yield {**HEALTHY, "temperature": temperature, "diabetes": risk, **dict(zip(flags, values, strict=True))}
    for age, bmi, fever in itertools.product((0, 14, 15, 49, 50, 64, 65, 120), (29.9, 30, 30.1), TEMPERATURES):
        yield {**HEALTHY, "age": age, "bmi": bmi, "temperature": fever}
        yield {**HEALTHY, "age": age, "bmi": bmi, "temperature": fever, "diarrhea": True}
    for illness in ILLNESSES:
        yield {**HEALTHY, "cough": True, illness: True}
    for heart, immunity in itertools.product(("yes", "no", "unknown"), repeat=2):
        yield {**HEALTHY, "cough": True, "heart_disease": heart, "weakened_immunity": immunity}
    for major in ("breathless", "unable_to_eat_or_drink"):
        yield {**HEALTHY, major: True}
    rng = random.Random(2020)
    for _ in range(RANDOM_COUNT):
        yield {name: _random_value(rng, name, value) for name, value in HEALTHY.items()}


def _random_value(rng: random.Random, name: str, value: Any) -> Any:
    if name == "age":
        return rng.choice((10, 14, 15, 30, 49, 50, 64, 65, 90))
    if name == "bmi":
        return rng.choice((18.5, 29.9, 30.0, 41.0))
    if name == "temperature":
        return rng.choice(TEMPERATURES)
    if isinstance(value, bool):
        return rng.random() < 0.25
    return rng.choice(("yes", "no", "no", "unknown"))


def evaluate(engine: Engine, decision: str, inputs: dict[str, Any]) -> dict[str, Any]:
    body = {"variables": {name: {"value": value} for name, value in inputs.items()}}
    rows = engine.post(f"/decision-definition/key/{decision}/evaluate", body)
    assert len(rows) == 1
    return {name: output["value"] for name, output in rows[0].items()}


def test_pre_screening_agrees_with_the_algorithm() -> None:
    cases = list(combinations())
    assert len(cases) > 2500
    results = [row["orientation"] for row in evaluate_all("pre_screening", cases)]

    wrong = [(inputs, answer) for inputs, answer in zip(cases, results, strict=True) if answer != orientation(inputs)]
    assert wrong == []
    counts = Counter(results)
    assert len(counts) == 7
    assert min(counts.values()) >= 20, counts


def test_the_engine_agrees_with_the_algorithm(engine: Engine) -> None:
    for inputs in random.Random(ENGINE_COUNT).sample(list(combinations()), ENGINE_COUNT):
        assert evaluate(engine, "pre_screening", inputs)["orientation"] == orientation(inputs)


@pytest.mark.parametrize("name", HEALTHY)
@pytest.mark.parametrize("defect", ["missing", "null", "malformed"])
def test_pre_screening_fails_on_an_invalid_input(engine: Engine, name: str, defect: str) -> None:
    _assert_refused(engine, "pre_screening", HEALTHY, name, defect)


@pytest.mark.parametrize("name", PRIORITY)
@pytest.mark.parametrize("defect", ["missing", "null", "malformed"])
def test_testing_priority_fails_on_an_invalid_input(engine: Engine, name: str, defect: str) -> None:
    _assert_refused(engine, "testing_priority", PRIORITY, name, defect)


def test_testing_priority_agrees_with_the_rules() -> None:
    orientations = ("evaluation_advised", "evaluation_needed", "evaluation_needed_at_risk", "evaluation_urgent")
    works = ("health_or_care", "closed_setting", "school", "other", "none")
    lives = ("alone", "family", "shared", "closed_setting")
    cases = list(itertools.product((*orientations, "self_monitor"), (False, True), works, lives, (False, True)))
    rows = evaluate_all("testing_priority", [dict(zip(PRIORITY_INPUTS, case, strict=True)) for case in cases])
    assert len(rows) == 400
    for case, row in zip(cases, rows, strict=True):
        assert (row["testing_priority"], row["report_due_hours"]) == _priority(*case)


def test_home_watch_agrees_with_its_sources() -> None:
    values = {
        "breathless": (False, True),
        "unable_to_eat_or_drink": (False, True),
        "spo2_today": (80, 92, 93, 94, 95, 100),
        "spo2_drop": (-2, 2, 3),
        "pulse_today": (40, 110, 111, 130, 131),
        "temperature_today_c": (36.5, 39.0, 39.1),
        "feeling": ("better", "same", "worse"),
        "days_worse_now": (0, 1, 2),
        "risk_factor": (False, True),
    }
    days = [dict(zip(values, each, strict=True)) for each in itertools.product(*values.values())]
    rows = evaluate_all("home_watch", days)
    wrong = [(day, row) for day, row in zip(days, rows, strict=True) if row["day_status"] != day_status(**day)]
    assert wrong == []
    assert set(Counter(row["day_status"] for row in rows)) == {"green", "amber", "red"}


def test_release_says_why_not_yet() -> None:
    days = [
        {"isolation_days_left": left, "fever_days_left": fever, "is_improving": well, "in_quarantine": quarantine}
        for left, fever, well, quarantine in itertools.product((-1, 0, 1), (-1, 0, 1), (False, True), (False, True))
    ]
    for day, row in zip(days, evaluate_all("release", days), strict=True):
        left, fever, well, quarantine = day.values()
        too_early = "quarantine" if quarantine else "isolation"
        expected = too_early if left > 0 else "fever" if fever > 0 else "released" if well else "symptoms"
        assert row == {"release": expected}


def _priority(advice: str, risk: bool, works_in: str, lives: str, exposed: bool) -> tuple[int, int]:
    symptoms = advice != "self_monitor"
    if advice == "evaluation_urgent":
        return 90, 4
    if symptoms and risk:
        return 80, 4
    if works_in == "health_or_care":
        return 70, 12
    if "closed_setting" in (works_in, lives):
        return 60, 12
    if symptoms:
        return (50, 24) if exposed else (40, 24)
    return 20, 48


def _assert_refused(engine: Engine, decision: str, valid: dict[str, Any], name: str, defect: str) -> None:
    inputs = dict(valid)
    if defect == "missing":
        del inputs[name]
    else:
        inputs[name] = None if defect == "null" else "nonsense"
    with pytest.raises(EngineRefused) as refusal:
        evaluate(engine, decision, inputs)
    assert refusal.value.status == 500
