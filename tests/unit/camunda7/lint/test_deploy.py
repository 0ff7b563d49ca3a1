"""A deployment waits for a busy engine, and continues when the page of changes can't be drawn."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from camunda7.engine import Engine, EngineUnavailable
from camunda7.release.changes import Change
from camunda7.release.changes.report import as_page
from camunda7.release.deploy import _create, _draw, resources
from config.settings import ROOT
from tests.support.http_server import Call, Reply, http_server

FILE = "test_sample.bpmn"
CHANGES = [Change(FILE, "changed", "step", "Chase result", "Task_ChaseResult")]


def draw_changes(page: Path, before: bytes) -> list[str]:
    lines: list[str] = []
    _draw(CHANGES, {FILE: before}, resources(ROOT), lines.append, page)
    return lines


def test_changes_are_drawn(tmp_path: Path) -> None:
    page = tmp_path / "changes.html"
    assert draw_changes(page, resources(ROOT)[FILE]) == [f"drew the changes: {page}"]
    assert page.read_text().count("<svg") == 2


def test_an_invalid_former_file_is_left_out_of_the_page(tmp_path: Path) -> None:
    page = tmp_path / "changes.html"
    assert draw_changes(page, b"<!DOCTYPE a><a/>") == [f"drew the changes: {page}"]
    assert "before: not drawn, since the file can't be read" in page.read_text()
    assert page.read_text().count("<svg") == 1


def test_a_page_that_can_not_be_written_is_reported(tmp_path: Path) -> None:
    [line] = draw_changes(tmp_path / "no folder" / "changes.html", resources(ROOT)[FILE])
    assert line.startswith("the changes couldn't be drawn (FileNotFoundError")
    assert line.endswith("; continuing")


def test_any_other_error_while_drawing_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any) -> str:
        raise ZeroDivisionError("a defect")

    assert as_page(CHANGES, resources(ROOT), resources(ROOT))
    monkeypatch.setattr("camunda7.release.deploy.report.as_page", fail)
    assert "ZeroDivisionError" in draw_changes(tmp_path / "changes.html", b"")[0]


def test_a_deployment_may_take_longer_than_other_calls() -> None:
    def answer(call: Call) -> Reply:
        time.sleep(0.5)
        return Reply(200, b'{"deployedProcessDefinitions": {"process": {}}}')

    with http_server(answer) as url:
        engine = Engine(url, "deployer", "password", timeout_s=0.1)
        with pytest.raises(EngineUnavailable):
            engine.get("/engine")
        assert _create(engine, "coronacare", {FILE: b"<definitions/>"})
