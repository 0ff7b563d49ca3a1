from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from processes.variables import VARIABLES
from stack.demo import Demo
from stack.pilot import Pilot, PilotError, today_in
from tests.support import diagrams
from tests.support.pilot import ratings, totals

TODAY = date(2024, 3, 1)


def test_the_pilots_totals_are_those_of_the_slides() -> None:
    pilot = Pilot.read(Demo.PILOT, TODAY)
    rated = ratings(pilot.patients)
    assert (sum(rated), 1 in rated, 5 in rated) == (145, True, True)
    slide_totals = {"closed": 33, "positive": 9, "negative": 24, "other": 0, "ratings": 32}
    assert totals(pilot.patients) == slide_totals
    assert pilot.expected == {**slide_totals, "mean_feedback": round(145 / 32, 2)}


def test_the_pilots_patients_differ() -> None:
    patients = Pilot.read(Demo.PILOT, TODAY).patients
    for step in ("pre_screening", "medical_form", "medical_visit"):
        assert len({str(patient[step]) for patient in patients}) > 25, step
    assert len({str(p["close_contacts"]) for p in patients if "close_contacts" in p}) > 5


def test_the_pilots_patients_answer_only_questions_of_the_forms() -> None:
    for patient in Pilot.read(Demo.PILOT, TODAY).patients:
        for step in ("pre_screening", "evaluation_request", "medical_form", "medical_visit", "doctor_report", "review"):
            questions = set(diagrams.form_fields(next(path for path in diagrams.FORMS if path.stem == step)))
            for answers in patient[step]:
                assert set(answers) <= questions <= set(VARIABLES), step


def test_the_pilot_contains_repeated_tests_corrections_delays_calls_and_missed_visits() -> None:
    patients = Pilot.read(Demo.PILOT, TODAY).patients
    assert any(isinstance(p["lab_result"], list) for p in patients)
    assert any("lab_correction" in p for p in patients)
    assert any("lab_takes_s" in p for p in patients)
    assert any("contact_call" in p for p in patients)
    assert any(len(p["medical_visit"]) > 1 for p in patients)
    assert {p["evaluation_request"][0]["channel"] for p in patients} == {"email", "sms"}


def with_day(key: str, value: Any) -> str:
    """The content of a pilot file with one patient, whose medical form has this day."""
    return yaml.safe_dump({"patients": [{"outcome": "care_completed", "medical_form": {key: value}}]})


def read_day(tmp_path: Path, key: str, value: Any) -> Any:
    file = tmp_path / "pilot.yaml"
    file.write_text(with_day(key, value))
    return Pilot.read(file, TODAY).patients[0]["medical_form"][0][key]


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("today", "2024-03-01"),
        ("today-5", "2024-02-25"),
        ("today+13", "2024-03-14"),
        # absolute days stay unchanged
        ("2020-03-20", "2020-03-20"),
        ("2020-3-2", "2020-3-2"),
        (date(2020, 3, 20), date(2020, 3, 20)),
        (None, None),
    ],
)
def test_a_day_is_relative_to_today_or_absolute(tmp_path: Path, value: Any, day: Any) -> None:
    assert read_day(tmp_path, "onset_date", value) == day


def test_relative_days_are_read_in_defaults_and_in_lists_and_in_no_other_text(tmp_path: Path) -> None:
    file = tmp_path / "pilot.yaml"
    file.write_text("""
defaults: {medical_form: {onset_date: today-1}}
patients:
  - outcome: care_completed
    medical_form: {}
    close_contacts: {close_contacts: [{name: today-2, last_exposure_date: today-2}]}
    review: {review_comment: today-3}
""")
    [patient] = Pilot.read(file, TODAY).patients
    assert patient["medical_form"] == [{"onset_date": "2024-02-29"}]
    [contact] = patient["close_contacts"][0]["close_contacts"]
    assert contact == {"name": "today-2", "last_exposure_date": "2024-02-28"}
    assert patient["review"] == [{"review_comment": "today-3"}]


def test_the_pilots_days_are_recent_and_only_isolation_ends_after_today() -> None:
    onsets = []
    for patient in Pilot.read(Demo.PILOT, TODAY).patients:
        days = {key: date.fromisoformat(day) for key, day in days_of(patient) if key != "date_of_birth"}
        assert min(days.values()) > TODAY - timedelta(days=21)
        assert {key for key, day in days.items() if day > TODAY} <= {"isolation_until"}
        onsets.append((TODAY - days["onset_date"]).days)
    assert 2 < sum(onsets) / len(onsets) < 7


def days_of(answers: Any) -> list[tuple[str, str]]:
    """All days among the answers, as pairs of key and day."""
    if isinstance(answers, list):
        return [found for each in answers for found in days_of(each)]
    if not isinstance(answers, dict):
        return []
    days = [(key, day) for key, day in answers.items() if key.endswith(("_date", "_until")) or key == "date_of_birth"]
    return days + [found for each in answers.values() for found in days_of(each)]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "UTC", "Etc/GMT+12"])
def test_today_is_in_the_future_in_no_time_zone_of_the_parts(zone: str) -> None:
    now = datetime.now(UTC)
    assert today_in(zone) <= min(now.date(), datetime.now(ZoneInfo(zone)).date(), date.today())
    assert today_in(zone) >= now.date() - timedelta(days=1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("patients: [{outcome: care_completed, lab_results: positive}]", "patient 1: unknown: lab_results"),
        ("patients: [{lab_result: positive}]", "patient 1: has no outcome"),
        ("people: []", "must have patients"),
        (with_day("onset_date", "today-five"), "patient 1: onset_date: 'today-five' is not a day: write YYYY-MM-DD"),
        (with_day("cough_since", "today - 5"), "patient 1: cough_since: 'today - 5' is not a day"),
        (with_day("isolation_until", "tomorrow"), "patient 1: isolation_until: 'tomorrow' is not a day"),
        (with_day("date_of_birth", "today-9000"), "patient 1: date_of_birth: 'today-9000': .* is written YYYY-MM-DD"),
        ("patients: [", "can't be read"),
        (None, "can't be read"),
    ],
)
def test_an_invalid_file_is_refused_with_a_message(tmp_path: Path, content: str | None, message: str) -> None:
    file = tmp_path / "pilot.yaml"
    if content:
        file.write_text(content)
    with pytest.raises(PilotError, match=message):
        Pilot.read(file, TODAY)
