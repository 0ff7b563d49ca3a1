"""Parameters that are learnt from records, and those that are stated for want of them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from config.settings import ROOT
from processes.elements import UserTask
from simulation.diagrams import read_diagrams
from simulation.learning import MIN_RECORDS, CaseRecord, TaskRecord, learn
from simulation.parameters import load_defaults

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DIAGRAMS = read_diagrams(ROOT)


def task(element: str, waited_min: float, worked_min: float, claimed: bool = True) -> TaskRecord:
    claimed_at = NOW + timedelta(minutes=waited_min)
    return TaskRecord(element, NOW, claimed_at if claimed else None, claimed_at + timedelta(minutes=worked_min))


def test_work_is_what_follows_the_claim() -> None:
    tasks = [task(UserTask.VISIT_PATIENT, 600, minutes) for minutes in range(1, 101)]
    learnt = learn(load_defaults(), DIAGRAMS, tasks, [])
    assert (learnt.minutes[UserTask.VISIT_PATIENT].median, learnt.minutes[UserTask.VISIT_PATIENT].p90) == (50, 90)
    assert learnt.origin(f"minutes.{UserTask.VISIT_PATIENT}") == "learnt from 100 records"


@pytest.mark.parametrize(
    "tasks",
    [
        [task(UserTask.VISIT_PATIENT, 5, 20)] * (MIN_RECORDS - 1),
        [task(UserTask.VISIT_PATIENT, 5, 20, claimed=False)] * 100,
        [task(UserTask.VISIT_PATIENT, 5, 2000)] * 100,
        [task(UserTask.FILL_IN_MEDICAL_FORM, 5, 20)] * 100,
    ],
    ids=["too few", "not claimed", "left open over night", "of patients"],
)
def test_nothing_is_learnt_of_work_from_other_records(tasks: list[TaskRecord]) -> None:
    assert learn(load_defaults(), DIAGRAMS, tasks, []) == load_defaults()


def test_arrivals_and_shares_are_learnt_from_cases() -> None:
    cases = [
        CaseRecord(
            "evaluation_urgent", "positive" if number % 4 == 0 else "negative", None, date(2026, 3, 1 + number % 10)
        )
        for number in range(200)
    ]
    learnt = learn(load_defaults(), DIAGRAMS, [], cases)
    assert learnt.arrivals_per_day == 20
    assert learnt.shares["lab_result"]["positive"] == 50.5
    # what didn't occur yet may occur
    assert learnt.shares["lab_result"]["lost"] == 0.5
    assert learnt.origin("shares.orientation") == "learnt from 200 records"
    assert learnt.origin("shares.contacts") == "stated"
