"""The watch at home in words for its patient."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from config import settings as config
from processes.cases import Case
from tests.unit.webapp.test_application import application
from webapp import status
from webapp.status import describe_emergency, describe_status
from webapp.watch import describe_release, draw_spo2, list_days

pytestmark = pytest.mark.usefixtures("records")
POLICY = config.load().policy.model_dump()
FROM = "2020-04-11"
ONSET = {"onset_date": "2020-03-31"}


@pytest.fixture(scope="module")
def app() -> Flask:
    return application()


def day(date: str, **answers: Any) -> dict[str, Any]:
    known = {"status": "green", "feeling": "same", "day_temperature_c": None, "spo2": None, "pulse": None}
    return {"day": date, **known, **answers}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, []),
        ({"watch_outcome": "released", "lab_result": "positive"}, ["isolation is over"]),
        ({"watch_outcome": "released", "lab_result": "negative"}, ["quarantine is over"]),
        ({"release": "quarantine", "release_from": FROM}, ["10 April 2020", "14 days"]),
        ({"watch_outcome": "hospital", "release": "fever", "release_from": FROM}, []),
        (
            {"release": "isolation", "release_from": FROM, "onset_date": "2020-03-31"},
            ["10 April 2020", "first symptoms"],
        ),
        ({"release": "isolation", "release_from": FROM}, ["10 April 2020", "day of your test"]),
        ({"release": "fever", "release_from": FROM}, ["10 April 2020", "3 days without fever"]),
        ({"release": "symptoms", "release_from": FROM}, ["until you feel better", "tomorrow"]),
    ],
)
def test_patients_read_until_when_they_stay_at_home_and_why(
    app: Flask, values: dict[str, Any], said: list[str]
) -> None:
    with app.test_request_context():
        found = describe_release({"policy": POLICY, **values})
    assert len(found) == len(said)
    assert all(part in text for part, text in zip(said, found, strict=True))


def test_days_are_listed_from_the_newest_and_silent_ones_are_left_out(app: Flask) -> None:
    diary = [day("2020-04-01", spo2=97), day("2020-04-02", status=None), day("2020-04-03", feeling="worse", pulse=80)]
    with app.test_request_context():
        found = list_days({"diary": diary})
    assert [(each.day, each.feeling, each.spo2, each.pulse) for each in found] == [
        ("3 Apr", "Worse", "", "80"),
        ("1 Apr", "About the same", "97 %", ""),
    ]


def test_the_chart_has_a_point_for_each_measured_oxygen_saturation(app: Flask) -> None:
    with app.test_request_context():
        drawn = draw_spo2({"diary": [day("2020-04-01", spo2=97), day("2020-04-02"), day("2020-04-03", spo2=92)]})
        assert draw_spo2({"diary": [day("2020-04-01", spo2=97)]}) is None
    assert len(re.findall(r"[ML][\d.]+ [\d.]+", str(drawn))) == 2
    first, last = (float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", str(drawn)))
    assert first < last, "lower values are further down"
    assert "92 %" in str(drawn)


def test_a_red_day_is_an_emergency_and_a_doctor_calls() -> None:
    red = Case("C-1", "1", {"orientation": "evaluation_needed", "day_status": "red", "phone": "+1"}, None)
    assert describe_emergency(red, {"Task_CallPatient"}) == (status.SIGNS, status.DOCTOR_CALLS)
    amber = Case("C-1", "1", {"orientation": "evaluation_needed", "day_status": "amber"}, None)
    assert describe_emergency(amber, {"Task_CallWatchedPatient"}) is None


def test_the_page_waits_for_the_assessment_of_todays_report() -> None:
    values = {"orientation": "evaluation_needed", "feeling": "same"}
    assert describe_status(Case("C-1", "1", values, None), {"SubProcess_Watch"}).is_brief
    assessed = Case("C-1", "1", {**values, "day_status": "green"}, None)
    assert not describe_status(assessed, {"SubProcess_Watch"}).is_brief
