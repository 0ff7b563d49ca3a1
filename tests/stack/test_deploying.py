"""`make deploy`: changes are listed and drawn; a deployment is atomic, also if it is concurrent or killed."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from camunda7.release.changes import running
from camunda7.release.deploy import resources
from config.settings import ROOT, environment_name
from deployment.__main__ import NAME
from processes.engine import Engine
from tests.support.case import CaseUnderTest, eventually

pytestmark = pytest.mark.engine

# as `python -m deployment drawn FILE`, for another folder; killed before, during or after one of its calls
DEPLOY = """
import os, signal, sys, threading
from pathlib import Path
from config import settings as config
from config.secrets import load_with_secrets
from deployment.__main__ import load_declared
from camunda7.release.deploy import deploy
from deployment.__main__ import NAME
from processes.engine import Engine

root, page, when, number = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
calls, call = 0, Engine._call

def call_or_die(*arguments, **options):
    global calls
    calls += 1
    if (when, number) == ("before", calls):
        os.kill(os.getpid(), signal.SIGKILL)
    if (when, number) == ("during", calls):
        threading.Timer(0.01, os.kill, [os.getpid(), signal.SIGKILL]).start()
    answer = call(*arguments, **options)
    if (when, number) == ("after", calls):
        os.kill(os.getpid(), signal.SIGKILL)
    return answer

Engine._call = call_or_die
settings = load_with_secrets("engine.password")
account = settings.engine
engine = Engine(account.url, account.username, account.password.get_secret_value())
print("deployed" if deploy(engine, NAME, root, load_declared(settings), print, page) else "nothing", calls)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the files, which the test changes."""
    for name in ("processes", "forms"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def deployer(own: dict[str, Any]) -> Iterator[Engine]:
    """The engine for the deployer's account; after the test the original files are deployed again."""
    account = own["accounts"]["deployer"]
    engine = Engine(own["engine"], account["username"], account["password"])
    yield engine
    fields = {"deployment-name": NAME, "deployment-source": NAME}
    engine.upload("/deployment/create", fields, resources(ROOT))


@pytest.fixture
def start(own: dict[str, Any], environment: dict[str, str], folder: Path) -> Callable[..., subprocess.Popen]:
    account = own["accounts"]["deployer"]
    engine_access = {
        environment_name("engine", "url"): own["engine"],
        environment_name("engine", "username"): account["username"],
        environment_name("engine", "password"): account["password"],
    }

    def start(when: str = "never", number: int = 0) -> subprocess.Popen:
        command = [sys.executable, "-c", DEPLOY, str(folder), str(folder / "changes.html"), when, str(number)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=ROOT, env={**environment, **engine_access}, **pipes)

    return start


def change(folder: Path, file: str, old: str, new: str) -> None:
    path = next(folder.glob(f"*/{file}"))
    text, count = re.subn(old, new, path.read_text())
    assert count
    path.write_text(text)


def output_of(process: subprocess.Popen) -> str:
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return output


def count_deployments(engine: Engine) -> int:
    return len(engine.get("/deployment", name=NAME))


def deployed_files(engine: Engine) -> dict[str, bytes]:
    """The files of the latest deployment."""
    return running.download_files(engine, running.latest_deployment_id(engine, NAME))


def telephone_calls(case: CaseUnderTest) -> list[dict[str, Any]]:
    """The open tasks to call the patient."""
    return case.admin.get("/task", processInstanceBusinessKey=case.reference, taskDefinitionKey="Task_TellPatient")


def test_changes_are_listed_and_drawn(
    own: dict[str, Any], deployer: Engine, folder: Path, start: Callable[..., subprocess.Popen]
) -> None:
    case = CaseUnderTest(own)
    case.reach_visit(channel="telephone", email=None, phone="+44 20 7946 0998")
    eventually(lambda: telephone_calls(case))
    change(folder, "tell_by_telephone.bpmn", "Task_TellPatient", "Task_CallTheirTelephone")
    change(folder, "test_sample.bpmn", 'name="Chase result"', 'name="Ask the laboratory"')
    change(folder, "testing_priority.dmn", "<text>70</text>", "<text>75</text>")
    change(folder, "review.form", '"label": "Your rating"', '"label": "Your opinion"')

    lines = output_of(start()).splitlines()

    assert "  - step Deliver message by telephone (Task_TellPatient) removed" in lines
    assert "  + step Deliver message by telephone (Task_CallTheirTelephone) added" in lines
    assert "  ~ step Ask the laboratory (Task_ChaseResult) changed: name: Chase result → Ask the laboratory" in lines
    assert "  ~ row 3 of Testing priority (testing_priority_rule_3) changed: testing_priority: 70 → 75" in lines
    assert any("changed: label: Your rating → Your opinion" in line for line in lines)
    assert any(re.match(r"Telephone message: \d+ running cases stay on their version", line) for line in lines)
    assert any(re.match(r"  \d+ of them can't be migrated", line) for line in lines)
    blocked = r"    \d+ at Deliver message by telephone: the new version has no such step"
    assert any(re.fullmatch(blocked, line) for line in lines)
    assert any("add it to processes/migration.yaml" in line for line in lines)
    page = (folder / "changes.html").read_text()
    assert re.search(r"Telephone message, before: \d+ elements marked", page)
    assert page.count("<svg") == 4
    # the telephone call is still open, on its version
    assert telephone_calls(case)

    # with a migration hint for the renamed step, no case is blocked
    hints = folder / "processes" / "migration.yaml"
    hints.write_text("tell_by_telephone: {steps: {Task_TellPatient: Task_CallTheirTelephone}}")
    change(folder, "review.form", '"label": "Your opinion"', '"label": "Your view"')
    assert "can't be migrated" not in output_of(start())


def test_the_same_files_are_deployed_once(
    deployer: Engine, folder: Path, start: Callable[..., subprocess.Popen]
) -> None:
    before = count_deployments(deployer)
    assert output_of(start()).startswith("nothing")
    change(folder, "test_sample.bpmn", 'name="Chase result"', 'name="Ask the laboratory once more"')
    # two concurrent deployments
    both = [output_of(process).splitlines()[-1].split()[0] for process in [start(), start()]]
    assert sorted(both) == ["deployed", "nothing"]
    assert count_deployments(deployer) == before + 1
    assert output_of(start()).startswith("nothing")
    assert count_deployments(deployer) == before + 1


def test_a_killed_deployment_leaves_all_files_or_none(
    deployer: Engine, folder: Path, start: Callable[..., subprocess.Popen]
) -> None:
    change(folder, "test_sample.bpmn", 'name="Chase result"', 'name="Ask again"')
    old, new = resources(ROOT), resources(folder)
    last = int(output_of(start()).split()[-1])
    found = set()
    for when, number in (("before", 1), ("after", 2), ("before", last), ("during", last), ("after", last)):
        deployer.upload("/deployment/create", {"deployment-name": NAME, "deployment-source": NAME}, old)
        process = start(when, number)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, when
        now = deployed_files(deployer)
        assert now in (old, new), (when, number)
        found.add("new" if now == new else "old")
        # the next deployment completes it
        output_of(start())
        assert deployed_files(deployer) == new
    assert found == {"old", "new"}
