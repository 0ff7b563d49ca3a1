"""Learning and simulating together give back the waits that were recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.settings import ROOT
from processes.elements import ReceiveTask, UserTask
from simulation.answers import create_patient
from simulation.diagrams import read_diagrams
from simulation.learning import CaseRecord, TaskRecord, learn
from simulation.parameters import load_defaults
from simulation.recording import JOURNEY, Recording
from simulation.results import quantile
from simulation.runner import Runner
from simulation.scenario import parse_scenario

pytestmark = pytest.mark.verify

DIAGRAMS = read_diagrams(ROOT)
STAFF = {"medical-team": 1, "doctors": 1}
# work of the recorded month, which isn't that of defaults.yaml
MINUTES = {"medical_visit": {"median": 60, "p90": 80}, "doctor_report": {"median": 35, "p90": 50}}
MONTH: dict[str, Any] = {
    "days": 12,
    "seed": 77,
    "arrivals": {"per_day": 9},
    "staff": STAFF,
    "laboratory": {"places": 8},
    "minutes": MINUTES,
}
STEPS = (UserTask.VISIT_PATIENT, UserTask.WRITE_DOCTORS_REPORT, ReceiveTask.WAIT_FOR_TEST_RESULT, JOURNEY)


def list_tasks(recording: Recording) -> list[TaskRecord]:
    """The completed tasks, as the engine's history has them."""
    return [
        TaskRecord(step, *(datetime.fromtimestamp(each / 1000, UTC) for each in times))
        for step, waits in recording.waits.items()
        for wait in waits
        if step in DIAGRAMS.user_tasks and all(times := (wait.ready_ms, wait.started_ms, wait.ended_ms))
    ]


def list_cases(recording: Recording) -> list[CaseRecord]:
    seed = MONTH["seed"] * 1000
    found = []
    for case, at_ms in recording.arrivals_ms.items():
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
        found.append(CaseRecord(create_patient(case, load_defaults(), seed, at).orientation, started_on=at.date()))
    return found


def median_h(recording: Recording, step: str) -> float | None:
    """Return the median of the waits, of which those that last count with their length so far."""
    ends = [(wait.ready_ms, wait.started_ms or wait.ended_ms or recording.end_ms) for wait in recording.waits[step]]
    return quantile(sorted((end - ready) / 3_600_000 for ready, end in ends), 0.5)


def test_recorded_waits_are_within_the_interval_of_what_was_learnt_from_them(
    record: Callable[[dict[str, Any]], Recording], create_runner: Callable[..., Runner]
) -> None:
    month = record(MONTH)
    learnt = learn(load_defaults(), DIAGRAMS, list_tasks(month), list_cases(month))
    assert learnt.origin(f"minutes.{UserTask.VISIT_PATIENT}").startswith("learnt")
    content = {
        "name": "replayed",
        "days": MONTH["days"],
        "replications": 4,
        "staff": STAFF,
        "laboratory": MONTH["laboratory"],
    }
    replayed = create_runner(learnt).run_time_lapse(parse_scenario(content, "replayed"))
    for step in STEPS:
        recorded, simulated = median_h(month, step), replayed.find_step(step).median
        print(f"{step}: recorded {recorded} h, simulated {simulated}")
        assert recorded is not None
        # of a few minutes, an interval says nothing
        assert simulated.contains(recorded) or abs(recorded - (simulated.value or 0)) < timedelta(
            minutes=15
        ) / timedelta(hours=1)
