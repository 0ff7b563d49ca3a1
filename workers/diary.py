"""Diary of a patient who is watched at home: its days, and what the decisions on the next day and on release need.

Release of a case from isolation: WHO, Criteria for releasing COVID-19 patients from isolation, 2020; of a contact from
quarantine: WHO, Considerations for quarantine of individuals, 2020.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median_low
from typing import Any

from camunda7.inputs.place import Place
from workers.onset import first_day_of_illness

# a reported day: day (YYYY-MM-DD), status (None without a report), the answers of the form daily_report, and of a red
# day the seconds from the report until a doctor has called
Day = dict[str, Any]
CALLED_AFTER = "called_after_s"
# answers of the form, as the diary has them
ANSWERS = (
    "feeling",
    "day_temperature_c",
    "fever_medicine",
    "spo2",
    "pulse",
    "breathless",
    "unable_to_eat_or_drink",
    "day_note",
)


@dataclass(frozen=True)
class Illness:
    """The course of the illness, or of the time after an exposure, until the diary begins.

    Attributes:
        visit_temperature_c: measured when the sample was taken; None if it wasn't.
        is_positive: otherwise the patient is in quarantine.
        last_exposure_date: None if it is unknown.
    """

    onset_date: str | None
    sample_taken_at: datetime
    visit_temperature_c: float | None
    is_positive: bool = True
    last_exposure_date: str | None = None


def add_day(diary: list[Day], day: Day) -> list[Day]:
    """Return the diary with a day, which replaces an earlier report of the same day."""
    return [*(each for each in diary if each["day"] != day["day"]), day]


def count_seconds_to_call(red_at: datetime | None, now: datetime) -> int | None:
    """Return the seconds from a red report until the doctor's call was documented; None if the day isn't red."""
    return None if red_at is None else round((now - red_at).total_seconds())


def find_usual_spo2(diary: list[Day]) -> int | None:
    """Return the median of the measured oxygen saturations, %; None if there are none."""
    measured = [day["spo2"] for day in diary if day.get("spo2") is not None]
    return median_low(measured) if measured else None


def count_days_worse(diary: list[Day]) -> int:
    """Count the last recorded days on which the patient felt worse, in a row."""
    others = (number for number, day in enumerate(reversed(diary)) if day.get("feeling") != "worse")
    return next(others, len(diary))


def find_last_day_of_isolation(illness: Illness, policy: dict[str, Any], place: Place) -> date:
    """Return the last day of isolation, by the days since onset, or of quarantine, by those since the last exposure.

    If onset or exposure is unknown, days count from the sample.
    """
    if illness.is_positive:
        start = first_day_of_illness(illness.onset_date, illness.sample_taken_at, place)
        return start + timedelta(days=policy["isolation_days"])
    start = first_day_of_illness(illness.last_exposure_date, illness.sample_taken_at, place)
    return start + timedelta(days=policy["quarantine_days"])


def find_last_day_of_fever(diary: list[Day], illness: Illness, policy: dict[str, Any], place: Place) -> date | None:
    """Return the last day with fever, or with medicine against it; None if none is known."""
    days = [date.fromisoformat(day["day"]) for day in diary if _has_fever(day, policy)]
    if (illness.visit_temperature_c or 0) >= policy["fever_from_c"]:
        days.append(illness.sample_taken_at.astimezone(place.zone).date())
    return max(days, default=None)


def summarize_day(
    diary: list[Day], illness: Illness, last_day: date, fever: date | None, today: date, policy: dict[str, Any]
) -> dict[str, Any]:
    """Return the process variables after a recorded day: empty answers for tomorrow, and what decisions need.

    Args:
        diary: with today as its last day.
        last_day: last day of isolation or quarantine.
        fever: last day of fever; None if none is known.
    """
    fever_over = fever + timedelta(days=policy["fever_free_days"]) if fever else last_day
    return {
        "feeling": None,
        "day_temperature_c": None,
        "fever_medicine": None,
        "spo2": None,
        "pulse": None,
        "breathless": None,
        "unable_to_eat_or_drink": None,
        "day_note": None,
        "day_status": None,
        "red_at": None,
        "call_number": 1,
        "call_reached": None,
        "call_again_at": None,
        "diary": diary,
        "spo2_usual": find_usual_spo2(diary),
        "days_worse": count_days_worse(diary),
        # the patient is free from the day after the last one on
        "isolation_days_left": (last_day - today).days + 1,
        "fever_days_left": (fever_over - today).days + 1,
        "in_quarantine": not illness.is_positive,
        "is_improving": diary[-1]["status"] == "green" and diary[-1]["feeling"] != "worse",
        "release_from": (max(last_day, fever_over) + timedelta(days=1)).isoformat(),
    }


def _has_fever(day: Day, policy: dict[str, Any]) -> bool:
    return day.get("fever_medicine") == "yes" or (day.get("day_temperature_c") or 0) >= policy["fever_from_c"]
