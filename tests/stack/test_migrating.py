"""`make migrate`: cases come to the newest version, or go on under theirs and it is told why."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from camunda7.release.deploy import redeploy_previous, resources
from camunda7.release.hints import Hints
from camunda7.release.migration import MigrationRefused, migrate, rehearse_migration
from camunda7.variables import Variable
from config.settings import ROOT
from deployment.__main__ import NAME, migrate_cases
from processes.cases import new_reference
from processes.engine import Engine
from processes.variables import VARIABLES
from tests.stack.probe import AFTER, BEFORE, PROBE, probe
from tests.support.case import eventually

pytestmark = pytest.mark.engine

STEPS = {"Task_Ask": "Task_Request", "Task_Each": "Task_Every"}
HINTS = {PROBE: Hints(steps=STEPS, variables={"reminder_after": "PT48H"})}
STAND_AT = [step for step in BEFORE.values() if step.startswith("Task_")] + ["Task_Work", "Task_Wait", "Task_Keep"]


def unseen(items: Iterable[Any], what: str, count: int) -> Iterable[Any]:
    return items


@pytest.fixture(autouse=True)
def reminder_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VARIABLES, "reminder_after", Variable("reminder_after", "String", "how long until a reminder"))


@pytest.fixture
def deployer(own: dict[str, Any]) -> Engine:
    account = own["accounts"]["deployer"]
    return Engine(own["engine"], account["username"], account["password"])


@pytest.fixture
def admin(own: dict[str, Any]) -> Engine:
    account = own["accounts"]["admin"]
    return Engine(own["engine"], account["username"], account["password"])


@pytest.fixture
def deployed(deployer: Engine, admin: Engine) -> Iterator[Callable[[dict[str, str]], str]]:
    """Deploys all files, with a version of the probe; returns the id of its definition."""

    def create(version: dict[str, str]) -> str:
        fields = {"deployment-name": NAME, "deployment-source": NAME}
        made = deployer.upload("/deployment/create", fields, {**resources(ROOT), "probe.bpmn": probe(version)})
        return next(each for each in made["deployedProcessDefinitions"] if each.startswith(f"{PROBE}:"))

    yield create
    for each in admin.get("/process-definition", key=PROBE):
        admin.delete(f"/process-definition/{each['id']}?cascade=true&skipCustomListeners=true")
    deployer.upload("/deployment/create", {"deployment-name": NAME, "deployment-source": NAME}, resources(ROOT))


def start(admin: Engine, step: str) -> str:
    """A case that stands at a step; returns its reference."""
    reference = new_reference()
    at = [{"type": "startBeforeActivity", "activityId": f"{step}#multiInstanceBody" if step == "Task_Each" else step}]
    admin.post(f"/process-definition/key/{PROBE}/start", {"businessKey": reference, "startInstructions": at})
    return reference


def version_of(admin: Engine, reference: str) -> str:
    [instance] = admin.post("/process-instance", {"businessKey": reference})
    return instance["definitionId"]


def instance_of(admin: Engine, reference: str) -> str:
    [instance] = admin.post("/process-instance", {"businessKey": reference})
    return instance["id"]


def latest(admin: Engine) -> str:
    [found] = admin.get("/process-definition", key=PROBE, latestVersion=True)
    return found["id"]


def due_of(admin: Engine, reference: str, event: str) -> list[str]:
    """When a timer of a case is due."""
    return [
        each["dueDate"] for each in admin.get("/job", processInstanceId=instance_of(admin, reference), activityId=event)
    ]


def test_each_case_comes_along_or_is_told_to_stay(
    deployer: Engine, admin: Engine, deployed: Callable[[dict[str, str]], str]
) -> None:
    old = deployed(BEFORE)
    cases = {step: start(admin, step) for step in STAND_AT}
    kept = due_of(admin, cases["Task_Wait"], "Event_Late")
    new = deployed(AFTER)
    said: list[str] = []

    # would each come along? nothing is changed by asking
    rehearse_migration(deployer, NAME, HINTS, said.append, unseen)
    assert {version_of(admin, case) for case in cases.values()} == {old}
    assert (
        admin.get(
            "/variable-instance/count",
            variableName="reminder_after",
            processInstanceIdIn=instance_of(admin, cases["Task_Ask"]),
        )["count"]
        == 0
    )

    assert migrate(deployer, NAME, HINTS, said.append, unseen)

    told = "\n".join(said)
    assert {step: version_of(admin, case) == new for step, case in cases.items()} == {
        "Task_Ask": True,
        "Task_Each": True,
        "Task_Keep": True,
        "Task_Wait": True,
        "Task_Gone": False,
        "Task_Work": False,
    }
    assert f"{cases['Task_Gone']}: Probe, at Do what nobody needs (Task_Gone): the new version has no such step" in told
    waits = "waits for a worker of the topic probe.work, and the new version has probe.work_elsewhere there"
    assert f"{cases['Task_Work']}: Probe, at Work (Task_Work): {waits}" in told
    # renamed, with the new timer; both of those that are repeated; another message, another time
    names = {step: admin.get("/task", processInstanceBusinessKey=cases[step]) for step in ("Task_Ask", "Task_Each")}
    assert [each["taskDefinitionKey"] for each in names["Task_Ask"]] == ["Task_Request"]
    assert [each["taskDefinitionKey"] for each in names["Task_Each"]] == ["Task_Every"] * 2
    assert len(due_of(admin, cases["Task_Ask"], "Event_Reminder")) == 1
    assert due_of(admin, cases["Task_Wait"], "Event_Late") > kept
    admin.correlate("probe_asked_for", cases["Task_Wait"], {})
    assert not admin.post("/process-instance", {"businessKey": cases["Task_Wait"]})
    assert not admin.get("/batch")

    # again: nothing is left that could come along
    again: list[str] = []
    assert migrate(deployer, NAME, HINTS, again.append, unseen)
    assert again[0].startswith("0 cases can be migrated to the latest version")


def test_without_the_variable_the_case_is_named_and_stays(
    deployer: Engine, admin: Engine, deployed: Callable[[dict[str, str]], str]
) -> None:
    old = deployed(BEFORE)
    case, other = start(admin, "Task_Ask"), start(admin, "Task_Keep")
    new = deployed(AFTER)
    said: list[str] = []
    assert migrate(deployer, NAME, {PROBE: Hints(steps=STEPS)}, said.append, unseen)
    [told] = [line for line in said if f"  {case}: Probe: " in line]
    assert "${reminder_after}" in told
    assert (version_of(admin, case), version_of(admin, other)) == (old, new)


def test_a_plan_that_the_engine_can_not_follow_is_refused(
    deployer: Engine, admin: Engine, deployed: Callable[[dict[str, str]], str]
) -> None:
    old = deployed(BEFORE)
    case = start(admin, "Task_Keep")
    deployed(AFTER)
    with pytest.raises(MigrationRefused, match=r"migration.yaml: Ask \(Task_Ask → Task_Wait\)"):
        migrate(deployer, NAME, {PROBE: Hints(steps={"Task_Ask": "Task_Wait"})}, print, unseen)
    assert version_of(admin, case) == old


def test_and_back(deployer: Engine, admin: Engine, deployed: Callable[[dict[str, str]], str]) -> None:
    deployed(BEFORE)
    case = start(admin, "Task_Ask")
    deployed(AFTER)
    assert migrate(deployer, NAME, HINTS, print, unseen)
    redeploy_previous(deployer, NAME)
    back = latest(admin)
    assert migrate(deployer, NAME, {PROBE: HINTS[PROBE].invert()}, print, unseen)
    assert version_of(admin, case) == back
    eventually(lambda: not due_of(admin, case, "Event_Reminder"))
    [task] = admin.get("/task", processInstanceBusinessKey=case)
    assert task["taskDefinitionKey"] == "Task_Ask"
    admin.submit(task["id"], {})
    # and it is the version of those who come now
    assert version_of(admin, start(admin, "Task_Ask")) == back
    assert not admin.post("/process-instance", {"businessKey": case})


@pytest.mark.parametrize(("step", "timer"), [("Task_Wait", "Event_Late"), ("Task_Keep", "Task_Keep")])
def test_a_timer_that_is_as_it_was_goes_on_counting(
    deployer: Engine, admin: Engine, deployed: Callable[[dict[str, str]], str], step: str, timer: str
) -> None:
    deployed(BEFORE)
    cases = [start(admin, step) for _ in range(3)]
    due = [due_of(admin, case, timer) for case in cases]
    assert list(map(len, due)) == [1, 1, 1]
    new = deployed({**BEFORE, "gone": "Task_Other"})
    assert migrate(deployer, NAME, {}, print, unseen)
    assert [version_of(admin, case) for case in cases] == [new] * 3
    assert [due_of(admin, case, timer) for case in cases] == due
    # and so does who comes later
    assert len(due_of(admin, start(admin, step), timer)) == 1


def test_make_migrate_looks_and_changes_nothing(
    environment: dict[str, str], own: dict[str, Any], admin: Engine
) -> None:
    before = admin.post("/process-instance", {})
    done = subprocess.run(
        [sys.executable, "-m", "stack", "migrate"],
        cwd=ROOT,
        env={**environment, "DRY": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "dry run: nothing was changed"
    assert "aren't deployed" not in done.stdout
    assert admin.post("/process-instance", {}) == before


def test_it_says_when_it_is_about_something_else_than_the_files(
    own: dict[str, Any], deployed: Callable[[dict[str, str]], str], deployer: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed(BEFORE)
    migrate_cases(deployer, "dry")
    assert "processes/ and forms/ have changes that aren't deployed (`make deploy`)" in capsys.readouterr().out
