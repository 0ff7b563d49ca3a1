"""`make watch`: saved files are deployed within seconds; a file that would not work leaves the previous version."""

from __future__ import annotations

import re
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from camunda7.release.changes import running
from camunda7.release.deploy import resources
from camunda7.release.watch import deploy_when_saved
from config.settings import ROOT, environment_name
from deployment.__main__ import NAME
from processes.engine import Engine
from tests.support.case import eventually
from tests.support.packages import DEPLOYMENT

pytestmark = pytest.mark.engine

STARTED = "deploying whenever a file is saved; Ctrl-C stops"
# the command of the README, without the account
COMMAND = [sys.executable, "-m", "deployment", "drawn", "changes.html"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in DEPLOYMENT:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.fixture
def deployer(own: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The engine for the deployer's account, also of the command; the original files are deployed again after it."""
    account = own["accounts"]["deployer"]
    for name, value in {**account, "url": own["engine"]}.items():
        monkeypatch.setenv(environment_name("engine", name), value)
    engine = Engine(own["engine"], account["username"], account["password"])
    yield engine
    engine.upload("/deployment/create", {"deployment-name": NAME, "deployment-source": NAME}, resources(ROOT))


@pytest.fixture
def output(deployer: Engine, folder: Path) -> Iterator[list[str]]:
    """The lines that are printed during the watch."""
    lines: list[str] = []
    stopping = threading.Event()
    watching = threading.Thread(target=deploy_when_saved, args=(COMMAND, lines.append, folder, stopping))
    watching.start()
    eventually(lambda: STARTED in lines)
    yield lines
    stopping.set()
    watching.join()


def save(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def wait_for_line(output: list[str], pattern: str, after: int) -> str:
    def found() -> str | None:
        return next((line for line in output[after:] if re.search(pattern, line)), None)

    return eventually(found, f"“{pattern}” isn't printed")


def deployed_file(engine: Engine, file: str) -> str:
    return running.download_files(engine, running.latest_deployment_id(engine, NAME))[file].decode()


@pytest.mark.parametrize(
    ("file", "old", "new", "change"),
    [
        ("processes/test_sample.bpmn", 'name="Chase result"', 'name="Ask again"', "name: Chase result → Ask again"),
        ("processes/testing_priority.dmn", "<text>70</text>", "<text>76</text>", "testing_priority: 70 → 76"),
        ("forms/review.form", '"Your rating"', '"Your view"', "label: Your rating → Your view"),
    ],
)
def test_a_saved_file_is_deployed(
    output: list[str], deployer: Engine, folder: Path, file: str, old: str, new: str, change: str
) -> None:
    before = len(output)
    save(folder / file, old, new)
    print(wait_for_line(output, r"^\d+\.\d s after saving$", before))
    assert any(change in line for line in output[before:])
    assert new in deployed_file(deployer, Path(file).name)


def test_a_file_that_would_not_work_is_not_deployed_until_it_is_corrected(
    output: list[str], deployer: Engine, folder: Path
) -> None:
    path, before = folder / "processes" / "test_sample.bpmn", len(output)
    save(path, "lab.chase_result", "lab.chase_results")
    wait_for_line(output, "^not deployed: the previous version stays$", before)
    assert any("no worker handles the topic lab.chase_results" in line for line in output[before:])
    assert "lab.chase_results" not in deployed_file(deployer, path.name)

    # half a file, as an editor that is killed leaves it
    before, whole = len(output), path.read_text().replace("lab.chase_results", "lab.chase_result")
    path.write_text(whole[: len(whole) // 2])
    wait_for_line(output, "not deployed: the previous version stays", before)

    before = len(output)
    path.write_text(whole.replace('name="Chase result"', 'name="Ask once more"'))
    wait_for_line(output, "after saving$", before)
    assert 'name="Ask once more"' in deployed_file(deployer, path.name)


def test_other_files_are_ignored(output: list[str], folder: Path) -> None:
    before = len(output)
    (folder / "processes" / "notes.txt").write_text("x")
    (folder / "processes" / "sample.bpmn.autosave").write_text("x")
    save(folder / "forms" / "review.form", '"Your rating"', '"Your mark"')
    wait_for_line(output, "after saving$", before)
    assert [line for line in output[before:] if " saved: " in line] == [f"{output[before]}"]
    assert output[before].endswith("saved: review.form")


def test_a_new_handler_is_found(output: list[str], deployer: Engine, folder: Path) -> None:
    before = len(output)
    save(folder / "processes" / "test_sample.bpmn", "lab.chase_result", "lab.ask_again")
    wait_for_line(output, "^not deployed", before)
    before = len(output)
    save(folder / "workers" / "lab.py", "lab.chase_result", "lab.ask_again")
    save(folder / "workers" / "lab.py", "def chase_result(", "def ask_again(")
    wait_for_line(output, "after saving$", before)
    assert "lab.ask_again" in deployed_file(deployer, "test_sample.bpmn")


def test_an_unreachable_engine_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"username": "deployer", "password": "planted-by-a-test", "url": "http://127.0.0.1:9"}.items():
        monkeypatch.setenv(environment_name("engine", name), value)
    lines: list[str] = []
    ended = threading.Event()
    ended.set()
    deploy_when_saved(COMMAND, lines.append, folder, ended)
    assert "no answer from http://127.0.0.1:9" in lines[0]
    assert lines[1] == "not deployed: the previous version stays"
