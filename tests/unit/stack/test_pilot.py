from pathlib import Path

import pytest

from processes.variables import VARIABLES
from stack.demo import Demo
from stack.pilot import Pilot, PilotError
from tests.support import diagrams
from tests.support.pilot import ratings, totals


def test_the_pilots_totals_are_those_of_the_slides() -> None:
    pilot = Pilot.read(Demo.PILOT)
    rated = ratings(pilot.patients)
    assert (sum(rated), 1 in rated, 5 in rated) == (145, True, True)
    of_the_slides = {"closed": 33, "positive": 9, "negative": 24, "other": 0, "ratings": 32}
    assert totals(pilot.patients) == of_the_slides
    assert pilot.expected == {**of_the_slides, "mean_feedback": round(145 / 32, 2)}


def test_the_pilots_patients_differ() -> None:
    patients = Pilot.read(Demo.PILOT).patients
    for step in ("pre_screening", "medical_form", "medical_visit"):
        assert len({str(patient[step]) for patient in patients}) > 25, step
    assert len({str(p["close_contacts"]) for p in patients if "close_contacts" in p}) > 5


def test_the_pilot_answers_questions_that_there_are() -> None:
    for patient in Pilot.read(Demo.PILOT).patients:
        for step in ("pre_screening", "evaluation_request", "medical_form", "medical_visit", "doctor_report", "review"):
            asked = set(diagrams.form_fields(next(path for path in diagrams.FORMS if path.stem == step)))
            for answers in patient[step]:
                assert set(answers) <= asked <= set(VARIABLES), step


def test_some_of_the_pilots_patients_take_a_detour() -> None:
    patients = Pilot.read(Demo.PILOT).patients
    assert any(isinstance(p["lab_result"], list) for p in patients)
    assert any("lab_correction" in p for p in patients)
    assert any("lab_takes_s" in p for p in patients)
    assert any("contact_call" in p for p in patients)
    assert any(len(p["medical_visit"]) > 1 for p in patients)
    assert {p["evaluation_request"][0]["channel"] for p in patients} == {"email", "sms"}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("patients: [{outcome: care_completed, lab_results: positive}]", "patient 1: unknown: lab_results"),
        ("patients: [{lab_result: positive}]", "patient 1: has no outcome"),
        ("people: []", "must have patients"),
        ("patients: [", "can't be read"),
        (None, "can't be read"),
    ],
)
def test_a_wrong_file_is_refused_in_words(tmp_path: Path, content: str | None, complaint: str) -> None:
    file = tmp_path / "pilot.yaml"
    if content:
        file.write_text(content)
    with pytest.raises(PilotError, match=complaint):
        Pilot.read(file)
