"""The people of the tour: different persons, valid answers, recent days, and access codes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from stack.pilot import STEPS, Pilot
from stack.replay import Result
from stack.tour import INDEPENDENT, Tour, TourStop, find_closed_case
from tests.support import diagrams
from tests.unit.stack.test_pilot import days_of

TODAY = date(2024, 3, 1)
PEOPLE = Pilot.read(Tour.PEOPLE, TODAY).patients


def answers(step: str, key: str) -> list[Any]:
    return [patient[step][0].get(key) for patient in PEOPLE]


def test_all_people_of_the_tour_differ() -> None:
    for step, key in (
        ("pre_screening", "date_of_birth"),
        ("evaluation_request", "given_name"),
        ("evaluation_request", "family_name"),
        ("evaluation_request", "address"),
    ):
        assert len(set(answers(step, key))) == len(PEOPLE), key
    addresses = [
        each["evaluation_request"][0].get("email") or each["evaluation_request"][0]["phone"] for each in PEOPLE
    ]
    assert len(set(addresses)) == len(PEOPLE)
    names = [
        f"{given} {family}"
        for given, family in zip(
            *(answers("evaluation_request", f"{part}_name") for part in ("given", "family")), strict=True
        )
    ]
    assert names == [patient["patient"] for patient in PEOPLE]
    assert set(INDEPENDENT) < set(names)
    assert {"en", "fr", "ar"} == set(answers("evaluation_request", "language"))


def test_the_people_are_of_different_ages_with_recent_onsets() -> None:
    ages = [TODAY.year - date.fromisoformat(born).year for born in answers("pre_screening", "date_of_birth")]
    assert (min(ages) >= 18, max(ages) <= 90, max(ages) - min(ages) > 40) == (True, True, True)
    for patient in PEOPLE:
        days = {key: date.fromisoformat(day) for key, day in days_of(patient) if key != "date_of_birth"}
        assert TODAY - timedelta(days=14) < min(days.values())
        assert days["onset_date"] < TODAY
        assert {key for key, day in days.items() if day > TODAY} <= {"isolation_until"}


def test_the_people_answer_only_questions_of_the_forms() -> None:
    for patient in PEOPLE:
        for step in patient.keys() & set(STEPS):
            questions = set(diagrams.form_fields(next(path for path in diagrams.FORMS if path.stem == step)))
            for answered in patient[step]:
                assert set(answered) <= questions, step


def result(patient: str, outcome: str, lab_result: str | None, access_code: str | None) -> Result:
    return Result(patient, f"C-{patient}", outcome, True, lab_result, access_code, "1990-01-01")


def test_the_closed_case_of_the_tour_has_an_access_code() -> None:
    declined = result("A", "evaluation_declined", None, None)
    negative = result("B", "care_completed", "negative", "CODE-B")
    positive = result("C", "care_completed", "positive", "CODE-C")
    assert find_closed_case([declined]) is None
    for results, patient in (([declined, negative], "B"), ([negative, positive], "C")):
        expected = TourStop("closed, with a doctor's report", patient, f"C-{patient}", f"CODE-{patient}", "1990-01-01")
        assert find_closed_case(results) == expected
