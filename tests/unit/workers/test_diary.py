"""The diary of a watched patient: trends, days of isolation and of fever, whatever the time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from camunda7.inputs.place import Place
from config import settings as config
from workers.diary import (
    Illness,
    add_day,
    count_days_worse,
    find_last_day_of_fever,
    find_last_day_of_isolation,
    find_usual_spo2,
)
from workers.patient import record_day

POLICY = config.load().policy.model_dump()
BERLIN = Place(ZoneInfo("Europe/Berlin"))
TODAY = datetime.now(BERLIN.zone).date()
ANSWERS: dict[str, Any] = {
    "feeling": "better",
    "day_temperature_c": 36.9,
    "fever_medicine": "no",
    "spo2": None,
    "pulse": None,
    "breathless": False,
    "unable_to_eat_or_drink": False,
    "day_note": None,
}


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def past(days: int, **answers: Any) -> dict[str, Any]:
    return {"day": days_ago(days).isoformat(), "status": "green", **ANSWERS, **answers}


def record(diary: list[dict[str, Any]], onset: int | None, **answers: Any) -> dict[str, Any]:
    """Record today in the diary of a patient with a positive result, whose sample was taken 2 days ago."""
    case = {
        "lab_result": "positive",
        "last_exposure_date": None,
        "onset_date": None if onset is None else days_ago(onset).isoformat(),
        "sample_taken_at": datetime.now(UTC) - timedelta(days=2),
        "body_temperature_c": answers.pop("at_visit", 36.8),
    }
    today = {"day_status": "green", "red_at": None, **ANSWERS, **case, **answers}
    return record_day(diary=diary, policy=POLICY, place=BERLIN, **today)


@pytest.mark.parametrize(
    ("onset", "left", "release"),
    # isolation lasts until the 10th day after onset; the patient is free from the 11th on
    [(8, 3, -3), (10, 1, -1), (11, 0, 0), (20, -9, 9), (None, 9, -9)],
)
def test_isolation_is_counted_from_onset_or_else_from_the_sample(onset: int | None, left: int, release: int) -> None:
    found = record([], onset)
    assert found["isolation_days_left"] == left
    assert found["release_from"] == days_ago(release).isoformat()


@pytest.mark.parametrize(("exposure", "left"), [(10, 5), (14, 1), (15, 0), (None, 13)])
def test_quarantine_is_counted_from_the_last_exposure_or_else_from_the_sample(exposure: int | None, left: int) -> None:
    day = None if exposure is None else days_ago(exposure).isoformat()
    found = record([], 3, lab_result="negative", last_exposure_date=day)
    assert (found["in_quarantine"], found["isolation_days_left"]) == (True, left)
    assert found["release_from"] == days_ago(-left).isoformat()
    # a positive test makes it an isolation
    assert record([], 3, last_exposure_date=day)["in_quarantine"] is False


@pytest.mark.parametrize(
    ("diary", "today", "left"),
    [
        ([], {}, 0),
        ([], {"day_temperature_c": 37.8}, 4),
        ([], {"day_temperature_c": 37.7}, 0),
        # medicine may hide it
        ([], {"fever_medicine": "yes"}, 4),
        ([past(3, day_temperature_c=38.5)], {}, 1),
        ([past(4, day_temperature_c=38.5)], {}, 0),
        # at the visit, 2 days ago
        ([], {"at_visit": 38.5}, 2),
        ([], {"at_visit": None}, 0),
    ],
)
def test_fever_must_be_over_for_some_days(diary: list[dict[str, Any]], today: dict[str, Any], left: int) -> None:
    found = record(diary, 11, **today)
    assert found["fever_days_left"] == left
    assert found["release_from"] == days_ago(-left).isoformat()


def test_a_second_report_of_a_day_replaces_the_first() -> None:
    found = record([past(1), past(0, feeling="worse")], 8)
    assert [(day["day"], day["feeling"]) for day in found["diary"]] == [
        (days_ago(1).isoformat(), "better"),
        (days_ago(0).isoformat(), "better"),
    ]


def test_the_answers_are_reset_for_tomorrow() -> None:
    found = record([], 8, feeling="worse", spo2=95)
    assert {found[name] for name in ANSWERS} == {None}
    assert (found["days_worse"], found["spo2_usual"], found["is_improving"]) == (1, 95, False)


def test_the_time_from_a_red_report_to_the_call_is_recorded() -> None:
    [day] = record([], 8, day_status="red", red_at=datetime.now(UTC) - timedelta(minutes=7))["diary"]
    assert 420 <= day["called_after_s"] < 430
    [day] = record([], 8)["diary"]
    assert day["called_after_s"] is None


def test_the_usual_oxygen_saturation_is_the_median_of_those_measured() -> None:
    assert find_usual_spo2([past(3, spo2=98), past(2), past(1, spo2=92), past(0, spo2=97)]) == 97
    assert find_usual_spo2([past(0)]) is None


def test_only_days_in_a_row_count_as_getting_worse() -> None:
    worse = past(1, feeling="worse")
    assert [count_days_worse(days) for days in ([], [worse], [past(2), worse], [worse, worse], [worse, past(0)])] == [
        0, 1, 1, 2, 0,
    ]  # fmt: skip


def test_days_are_those_of_the_patients_clocks() -> None:
    # half past midnight in Berlin
    sampled = datetime(2020, 11, 30, 23, 30, tzinfo=UTC)
    illness = Illness(None, sampled, 38.5)
    assert find_last_day_of_isolation(illness, POLICY, BERLIN) == date(2020, 12, 11)
    assert find_last_day_of_fever([], illness, POLICY, BERLIN) == date(2020, 12, 1)


def test_days_are_kept_in_their_order() -> None:
    assert [day["day"] for day in add_day([past(1)], past(0))] == [days_ago(1).isoformat(), days_ago(0).isoformat()]
