"""A changed decision and a changed diagram of a working copy show their effect before they are deployed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.settings import ROOT
from processes.elements import UserTask
from simulation.recording import Recording

pytestmark = pytest.mark.verify

Record = Callable[[dict[str, Any]], Recording]
BASE: dict[str, Any] = {
    "days": 4,
    "arrivals": {"per_day": [6, 0]},
    "staff": {"doctors": [{"number": 1, "since": "00:00", "until": "24:00"}]},
    "shares": {
        "orientation": {"evaluation_advised": 1},
        "exposed": {"no": 1},
        "lab_result": {"negative": 1},
        "visit_outcome": {"sampled": 1},
    },
}


@pytest.fixture
def working_copy(tmp_path: Path) -> Path:
    for folder in ("processes", "forms"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


@pytest.fixture(scope="module")
def base(record: Record) -> Recording:
    return record(BASE)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_decision_that_advises_to_stay_at_home_saves_visits(
    record: Record, base: Recording, working_copy: Path
) -> None:
    replace(working_copy / "processes" / "pre_screening.dmn", '"evaluation_advised"', '"self_monitor"')
    changed = record({**BASE, "files": working_copy})
    assert changed.arrived == base.arrived
    assert len(base.waits[UserTask.VISIT_PATIENT]) >= base.arrived / 2
    assert not changed.waits[UserTask.VISIT_PATIENT]
    assert changed.ended == changed.arrived


def test_a_second_doctor_who_signs_each_report_shows_in_waits_and_work(
    record: Record, base: Recording, working_copy: Path
) -> None:
    flow = 'id="Flow_WriteDoctorsReport_PublishReport" sourceRef="Task_WriteDoctorsReport" targetRef='
    replace(
        working_copy / "processes" / "corona_care.bpmn",
        f'<bpmn:sequenceFlow {flow}"Task_PublishReport" />',
        '<bpmn:userTask id="Task_SignReport" name="Sign report" camunda:candidateGroups="doctors" />'
        f'<bpmn:sequenceFlow {flow}"Task_SignReport" />'
        '<bpmn:sequenceFlow id="Flow_Signed" sourceRef="Task_SignReport" targetRef="Task_PublishReport" />',
    )
    changed = record({**BASE, "files": working_copy, "minutes": {"Task_SignReport": {"median": 120, "p90": 180}}})
    reports = changed.waits[UserTask.WRITE_DOCTORS_REPORT]
    assert len(reports) == len(base.waits[UserTask.WRITE_DOCTORS_REPORT]) > 0
    assert len(changed.waits["Task_SignReport"]) == len(reports)
    signed_ms = sum(wait.work_ms for wait in changed.waits["Task_SignReport"])
    used, usual = changed.usage["doctors"].needed_ms, base.usage["doctors"].needed_ms
    assert used == pytest.approx(usual + signed_ms, rel=0.05)
    # what the task's answer sets is not known
    assert changed.unmodelled == {"Task_SignReport"}
