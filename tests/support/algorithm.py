"""An independent Python implementation of the pre-screening algorithm, which tests compare with the decision tables.

Written from the published text (version 2020-05-10), not from the decision's tables.
"""

from __future__ import annotations

from typing import Any

ILLNESSES = ("diabetes", "cancer", "lung_disease", "kidney_dialysis", "cirrhosis", "third_trimester", "sickle_cell")


def has_fever(answers: dict[str, Any]) -> bool:
    return answers["temperature"] in {"below_35_5", "at_least_39", "unknown"}


def is_at_risk(answers: dict[str, Any]) -> bool:
    return (
        answers["age"] >= 65
        or answers["bmi"] >= 30
        or answers["heart_disease"] != "no"
        or answers["weakened_immunity"] == "yes"
        or any(answers[illness] for illness in ILLNESSES)
    )


def orientation(answers: dict[str, Any]) -> str:
    """Return the orientation that the algorithm gives for these answers."""
    if answers["age"] < 15:
        return "under_15"
    if answers["breathless"] or answers["unable_to_eat_or_drink"]:
        return "emergency"
    fever, risk = has_fever(answers), is_at_risk(answers)
    minor = int(fever) + int(answers["fatigue"] and answers["bedridden_half_day"])
    respiratory = sum(answers[name] for name in ("cough", "sore_throat_or_aches", "loss_of_taste_or_smell"))
    if fever and answers["cough"]:
        if not risk:
            return "evaluation_advised"
        return "evaluation_urgent" if minor >= 2 else "evaluation_needed_at_risk"
    if fever or answers["diarrhea"] or respiratory >= 2:
        if risk:
            return "evaluation_urgent" if minor >= 2 else "evaluation_needed"
        return "evaluation_advised" if minor == 0 and answers["age"] < 50 else "evaluation_needed"
    if respiratory == 1:
        return "evaluation_needed_at_risk" if risk else "evaluation_advised"
    return "self_monitor"
