"""Findings of bpmnlint, in our words and with a remedy."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from camunda7.lint import bpmnlint
from camunda7.lint.finding import Finding
from config.settings import ROOT

DIAGRAM = "take_sample.bpmn"


def lint_with_fault(folder: Path, old: str, new: str) -> list[Finding]:
    text = (ROOT / "processes" / DIAGRAM).read_text()
    assert old in text
    (folder / DIAGRAM).write_text(text.replace(old, new, 1))
    return list(bpmnlint.findings(folder))


def test_our_diagrams_have_no_finding() -> None:
    assert list(bpmnlint.findings(ROOT / "processes")) == []


def test_a_step_without_a_name_is_found(tmp_path: Path) -> None:
    [found] = lint_with_fault(tmp_path, ' name="Visit patient and take sample"', "")
    assert (found.file, found.id, found.wrong) == (DIAGRAM, "Task_VisitPatient", "it has no name")


def test_a_process_without_a_history_time_to_live_is_found(tmp_path: Path) -> None:
    [found] = lint_with_fault(tmp_path, ' camunda:historyTimeToLive="P180D"', "")
    assert found.wrong == "it has no history time to live"
    assert "P180D" in found.todo


def test_each_rule_with_a_text_exists() -> None:
    files = (ROOT / "node_modules" / "bpmnlint" / "rules").glob("*.js")
    known = {path.stem for path in files} | {"import", "camunda-compat/history-time-to-live"}
    assert bpmnlint.RULES.keys() <= known


def test_a_missing_node_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    # the virtual environment's Node.js is in the folder of its Python
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(bpmnlint.LintFailed, match=r"`make setup` installs it"):
        list(bpmnlint.findings(tmp_path))


def test_a_failed_run_is_reported_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(bpmnlint.LintFailed, match=r"ENOENT"):
        list(bpmnlint.findings(tmp_path / "nowhere"))


def test_a_file_that_can_not_be_read_is_found(tmp_path: Path) -> None:
    (tmp_path / DIAGRAM).write_text("<no")
    [found] = bpmnlint.findings(tmp_path)
    assert found.wrong == "it can't be read"
