"""A picture never stops a deployment: it goes on without, and says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from camunda7.release.changes import Change
from camunda7.release.changes.report import as_page
from camunda7.release.deploy import _draw, resources
from config.settings import ROOT

FILE = "test_sample.bpmn"
CHANGES = [Change(FILE, "changed", "step", "Chase result", "Task_ChaseResult")]


def drawn(page: Path, before: bytes) -> list[str]:
    said: list[str] = []
    _draw(CHANGES, {FILE: before}, resources(ROOT), said.append, page)
    return said


def test_changes_are_drawn(tmp_path: Path) -> None:
    page = tmp_path / "changes.html"
    assert drawn(page, resources(ROOT)[FILE]) == [f"drew the changes: {page}"]
    assert page.read_text().count("<svg") == 2


def test_a_former_file_that_can_not_be_read_is_not_drawn(tmp_path: Path) -> None:
    page = tmp_path / "changes.html"
    assert drawn(page, b"<!DOCTYPE a><a/>") == [f"drew the changes: {page}"]
    assert "before: not drawn, since the file can't be read" in page.read_text()
    assert page.read_text().count("<svg") == 1


def test_a_page_that_can_not_be_written(tmp_path: Path) -> None:
    [line] = drawn(tmp_path / "no folder" / "changes.html", resources(ROOT)[FILE])
    assert line.startswith("the changes couldn't be drawn (FileNotFoundError")
    assert line.endswith("; continuing")


def test_whatever_else_goes_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any) -> str:
        raise ZeroDivisionError("a defect")

    assert as_page(CHANGES, resources(ROOT), resources(ROOT))
    monkeypatch.setattr("camunda7.release.deploy.report.as_page", fail)
    assert "ZeroDivisionError" in drawn(tmp_path / "changes.html", b"")[0]
