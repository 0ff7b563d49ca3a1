"""Independent Python implementations of decisions, which tests compare with the decision tables.

Written from the published texts, not from the tables: the pre-screening algorithm in version 2020-05-10.
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


def day_status(
    breathless: bool,
    unable_to_eat_or_drink: bool,
    spo2_today: int,
    spo2_drop: int,
    pulse_today: int,
    temperature_today_c: float,
    feeling: str,
    days_worse_now: int,
    risk_factor: bool,
    normal_spo2: int = 95,
) -> str:
    """NHS COVID Oximetry @home and NEWS2: scores of 3 in one parameter are red, of 2 amber.

    Args:
        normal_spo2: lowest oxygen saturation, in %, that is green.
    """
    if breathless or unable_to_eat_or_drink or spo2_today < 93 or pulse_today > 130:
        return "red"
    is_getting_worse = feeling == "worse" and (risk_factor or days_worse_now > 1)
    if (
        spo2_today < normal_spo2
        or spo2_drop > 2
        or pulse_today > 110
        or temperature_today_c > 39.05
        or is_getting_worse
    ):
        return "amber"
    return "green"
