"""docs/tutorial/add-a-step.md: its patch has the code and elements of the page, and the check finds nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import ROOT
from tests.support.packages import DEPLOYMENT

PATCH = ROOT / "docs" / "tutorial" / "add-a-step.patch"
PAGE = (ROOT / "docs" / "tutorial" / "add-a-step.md").read_text()
COPIED = (*DEPLOYMENT, "tests/process", "tools")


@pytest.fixture(scope="module")
def patched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with the patch of the page applied."""
    folder = tmp_path_factory.mktemp("patched")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("node_modules", ".bpmnlintrc"):
        if (ROOT / name).exists():
            (folder / name).symlink_to(ROOT / name)
    subprocess.run(["git", "apply", str(PATCH)], cwd=folder, check=True)
    return folder


@pytest.mark.slow
def test_the_check_finds_nothing(patched: Path) -> None:
    command = [sys.executable, "-m", "deployment", "check"]
    done = subprocess.run(command, cwd=patched, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Task_NoteCall" in (patched / "processes" / "test_sample.bpmn").read_text()


def test_each_piece_of_code_is_in_the_patch(patched: Path) -> None:
    pieces = re.findall(r"```(?:python|yaml|text)\n(.*?)```", PAGE, re.DOTALL)
    texts = [path.read_text() for path in patched.rglob("*") if path.suffix in (".py", ".yaml") and path.is_file()]
    assert len(pieces) == 5
    assert [piece for piece in pieces if not any(piece in text for text in texts)] == []


def test_each_element_that_is_drawn_is_in_the_patch(patched: Path) -> None:
    diagram = (patched / "processes" / "test_sample.bpmn").read_text()
    named = re.findall(r"Id: `(\w+)`", PAGE)
    assert len(named) == 4
    assert [each for each in named if f'id="{each}"' not in diagram] == []
