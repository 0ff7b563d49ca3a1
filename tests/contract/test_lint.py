"""What bpmnlint finds is told in our words, with what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from camunda7.lint import bpmnlint
from camunda7.lint.finding import Finding
from config.settings import ROOT

DIAGRAM = "take_sample.bpmn"


def with_fault(folder: Path, old: str, new: str) -> list[Finding]:
    text = (ROOT / "processes" / DIAGRAM).read_text()
    assert old in text
    (folder / DIAGRAM).write_text(text.replace(old, new, 1))
    return list(bpmnlint.findings(folder))


def test_nothing_is_found_in_the_diagrams_as_they_are() -> None:
    assert list(bpmnlint.findings(ROOT / "processes")) == []


def test_a_step_without_a_name(tmp_path: Path) -> None:
    [found] = with_fault(tmp_path, ' name="Visit patient and take sample"', "")
    assert (found.file, found.id, found.wrong) == (DIAGRAM, "Task_VisitPatient", "it has no name")


def test_a_process_that_would_be_kept_for_ever(tmp_path: Path) -> None:
    [found] = with_fault(tmp_path, ' camunda:historyTimeToLive="P180D"', "")
    assert found.wrong == "it has no history time to live"
    assert "P180D" in found.todo


def test_every_rule_that_is_told_of_is_a_rule() -> None:
    files = (ROOT / "node_modules" / "bpmnlint" / "rules").glob("*.js")
    known = {path.stem for path in files} | {"import", "camunda-compat/history-time-to-live"}
    assert bpmnlint.RULES.keys() <= known


def test_a_machine_without_node_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    # its folder has the Node.js of the virtual environment
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(bpmnlint.LintFailed, match=r"`make setup` installs it"):
        list(bpmnlint.findings(tmp_path))


def test_what_can_not_run_is_told_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(bpmnlint.LintFailed, match=r"ENOENT"):
        list(bpmnlint.findings(tmp_path / "nowhere"))


def test_a_file_that_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / DIAGRAM).write_text("<no")
    [found] = bpmnlint.findings(tmp_path)
    assert found.wrong == "it can't be read"
