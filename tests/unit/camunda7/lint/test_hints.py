"""Migration hints in processes/migration.yaml: findings in the file, and the new id of a step renamed several times."""

from __future__ import annotations

from pathlib import Path

import pytest

from camunda7.release.hints import Hints, InvalidHints, findings, read_hints
from processes.variables import VARIABLES

STEPS = {"corona_care": {"Task_Request", "Task_Keep"}}


def read(folder: Path, text: str) -> dict[str, Hints]:
    path = folder / "migration.yaml"
    path.write_text(text)
    return read_hints(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("corona_care: [", "can't be read"),
        ("corona_care: {step: {A: B}}", "corona_care / step: Extra inputs are not permitted"),
        ("corona_care: {steps: [A]}", "corona_care / steps: Input should be a valid dictionary"),
        ("- corona_care", "Input should be a valid dictionary"),
    ],
)
def test_a_file_of_another_structure_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidHints) as refused:
        read(tmp_path, text)
    assert message in str(refused.value)
    assert "Write for each process `steps`" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("corona_car: {}", "there is no such process (did you mean corona_care?)"),
        ("corona_care: {steps: {A: Task_Reqest}}", "the new id of A is Task_Reqest, which the diagram doesn't have"),
        ("corona_care: {variables: {phon: x}}", "phon is not declared"),
        ("corona_care: {variables: {phone: 5}}", "phone"),
    ],
)
def test_unknown_processes_steps_and_variables_are_found(tmp_path: Path, text: str, message: str) -> None:
    [found] = findings(read(tmp_path, text), STEPS, VARIABLES)
    assert message in str(found)


def test_valid_hints_have_no_findings_and_lead_to_the_new_id(tmp_path: Path) -> None:
    text = "corona_care: {steps: {Task_Ask: Task_Send, Task_Send: Task_Request}, variables: {phone: '+44'}}"
    hints = read(tmp_path, text)
    assert list(findings(hints, STEPS, VARIABLES)) == []
    assert hints["corona_care"].new_id("Task_Ask", STEPS["corona_care"]) == "Task_Request"
    assert hints["corona_care"].new_id("Task_Keep", STEPS["corona_care"]) == "Task_Keep"
    assert hints["corona_care"].new_id("Task_Removed", STEPS["corona_care"]) is None
    assert hints["corona_care"].invert().new_id("Task_Request", {"Task_Send"}) == "Task_Send"
    assert read_hints(tmp_path / "none.yaml") == {}


def test_hints_in_a_circle_lead_to_no_new_id() -> None:
    assert Hints(steps={"A": "B", "B": "A"}).new_id("A", {"C"}) is None
