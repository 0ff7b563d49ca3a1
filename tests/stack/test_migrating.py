"""`make migrate`: cases are migrated to the latest version, or stay on theirs with a reported reason."""

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
from tests.stack.migration_probe import AFTER, BEFORE, PROBE, create_diagram
from tests.support.case import eventually

pytestmark = pytest.mark.engine

STEPS = {"Task_Ask": "Task_Request", "Task_Each": "Task_Every"}
HINTS = {PROBE: Hints(steps=STEPS, variables={"reminder_after": "PT48H"})}
START_STEPS = [step for step in BEFORE.values() if step.startswith("Task_")] + ["Task_Work", "Task_Wait", "Task_Keep"]


def without_progress(items: Iterable[Any], what: str, count: int) -> Iterable[Any]:
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
def deploy_version(deployer: Engine, admin: Engine) -> Iterator[Callable[[dict[str, str]], str]]:
    """Return a function that deploys all files with a version of the probe; it returns the id of its definition."""

    def create(version: dict[str, str]) -> str:
        fields = {"deployment-name": NAME, "deployment-source": NAME}
        made = deployer.upload("/deployment/create", fields, {**resources(ROOT), "probe.bpmn": create_diagram(version)})
        return next(each for each in made["deployedProcessDefinitions"] if each.startswith(f"{PROBE}:"))

    yield create
    for each in admin.get("/process-definition", key=PROBE):
        admin.delete(f"/process-definition/{each['id']}?cascade=true&skipCustomListeners=true")
    deployer.upload("/deployment/create", {"deployment-name": NAME, "deployment-source": NAME}, resources(ROOT))


def start(admin: Engine, step: str) -> str:
    """Start a case at a step; returns its reference."""
    reference = new_reference()
    instructions = [
        {"type": "startBeforeActivity", "activityId": f"{step}#multiInstanceBody" if step == "Task_Each" else step}
    ]
    admin.post(f"/process-definition/key/{PROBE}/start", {"businessKey": reference, "startInstructions": instructions})
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


def due_dates(admin: Engine, reference: str, event: str) -> list[str]:
    """Due dates of a case's timer."""
    return [
        each["dueDate"] for each in admin.get("/job", processInstanceId=instance_of(admin, reference), activityId=event)
    ]


def test_each_case_is_migrated_or_reported_as_blocked(
    deployer: Engine, admin: Engine, deploy_version: Callable[[dict[str, str]], str]
) -> None:
    old = deploy_version(BEFORE)
    cases = {step: start(admin, step) for step in START_STEPS}
    due_before = due_dates(admin, cases["Task_Wait"], "Event_Late")
    new = deploy_version(AFTER)
    lines: list[str] = []

    # a dry run changes nothing
    rehearse_migration(deployer, NAME, HINTS, lines.append, without_progress)
    assert {version_of(admin, case) for case in cases.values()} == {old}
    assert (
        admin.get(
            "/variable-instance/count",
            variableName="reminder_after",
            processInstanceIdIn=instance_of(admin, cases["Task_Ask"]),
        )["count"]
        == 0
    )

    assert migrate(deployer, NAME, HINTS, lines.append, without_progress)

    output = "\n".join(lines)
    assert {step: version_of(admin, case) == new for step, case in cases.items()} == {
        "Task_Ask": True,
        "Task_Each": True,
        "Task_Keep": True,
        "Task_Wait": True,
        "Task_Gone": False,
        "Task_Work": False,
    }
    assert f"{cases['Task_Gone']}: Probe, at Obsolete (Task_Gone): the new version has no such step" in output
    reason = "waits for a worker of the topic probe.work, and the new version has probe.work_elsewhere there"
    assert f"{cases['Task_Work']}: Probe, at Work (Task_Work): {reason}" in output
    # the renamed step has its new timer, both instances are migrated, and message and duration are the new ones
    names = {step: admin.get("/task", processInstanceBusinessKey=cases[step]) for step in ("Task_Ask", "Task_Each")}
    assert [each["taskDefinitionKey"] for each in names["Task_Ask"]] == ["Task_Request"]
    assert [each["taskDefinitionKey"] for each in names["Task_Each"]] == ["Task_Every"] * 2
    assert len(due_dates(admin, cases["Task_Ask"], "Event_Reminder")) == 1
    assert due_dates(admin, cases["Task_Wait"], "Event_Late") > due_before
    admin.correlate("probe_asked_for", cases["Task_Wait"], {})
    assert not admin.post("/process-instance", {"businessKey": cases["Task_Wait"]})
    assert not admin.get("/batch")

    # a second migration finds no case
    again: list[str] = []
    assert migrate(deployer, NAME, HINTS, again.append, without_progress)
    assert again[0].startswith("0 cases can be migrated to the latest version")


def test_a_case_without_the_new_variable_is_reported_and_stays(
    deployer: Engine, admin: Engine, deploy_version: Callable[[dict[str, str]], str]
) -> None:
    old = deploy_version(BEFORE)
    case, other = start(admin, "Task_Ask"), start(admin, "Task_Keep")
    new = deploy_version(AFTER)
    lines: list[str] = []
    assert migrate(deployer, NAME, {PROBE: Hints(steps=STEPS)}, lines.append, without_progress)
    [reason] = [line for line in lines if f"  {case}: Probe: " in line]
    assert "${reminder_after}" in reason
    assert (version_of(admin, case), version_of(admin, other)) == (old, new)


def test_a_migration_plan_that_the_engine_rejects_is_refused(
    deployer: Engine, admin: Engine, deploy_version: Callable[[dict[str, str]], str]
) -> None:
    old = deploy_version(BEFORE)
    case = start(admin, "Task_Keep")
    deploy_version(AFTER)
    with pytest.raises(MigrationRefused, match=r"migration.yaml: Ask \(Task_Ask → Task_Wait\)"):
        migrate(deployer, NAME, {PROBE: Hints(steps={"Task_Ask": "Task_Wait"})}, print, without_progress)
    assert version_of(admin, case) == old


def test_cases_can_be_migrated_back(
    deployer: Engine, admin: Engine, deploy_version: Callable[[dict[str, str]], str]
) -> None:
    deploy_version(BEFORE)
    case = start(admin, "Task_Ask")
    deploy_version(AFTER)
    assert migrate(deployer, NAME, HINTS, print, without_progress)
    redeploy_previous(deployer, NAME)
    back = latest(admin)
    assert migrate(deployer, NAME, {PROBE: HINTS[PROBE].invert()}, print, without_progress)
    assert version_of(admin, case) == back
    eventually(lambda: not due_dates(admin, case, "Event_Reminder"))
    [task] = admin.get("/task", processInstanceBusinessKey=case)
    assert task["taskDefinitionKey"] == "Task_Ask"
    admin.submit(task["id"], {})
    # and new cases start on this version
    assert version_of(admin, start(admin, "Task_Ask")) == back
    assert not admin.post("/process-instance", {"businessKey": case})


@pytest.mark.parametrize(("step", "timer"), [("Task_Wait", "Event_Late"), ("Task_Keep", "Task_Keep")])
def test_an_unchanged_timer_keeps_its_due_date(
    deployer: Engine, admin: Engine, deploy_version: Callable[[dict[str, str]], str], step: str, timer: str
) -> None:
    deploy_version(BEFORE)
    cases = [start(admin, step) for _ in range(3)]
    due = [due_dates(admin, case, timer) for case in cases]
    assert list(map(len, due)) == [1, 1, 1]
    new = deploy_version({**BEFORE, "removed": "Task_Other"})
    assert migrate(deployer, NAME, {}, print, without_progress)
    assert [version_of(admin, case) for case in cases] == [new] * 3
    assert [due_dates(admin, case, timer) for case in cases] == due
    # and a case that starts later has the timer, too
    assert len(due_dates(admin, start(admin, step), timer)) == 1


def test_a_dry_run_of_make_migrate_changes_nothing(
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


def test_files_that_are_not_deployed_are_reported(
    own: dict[str, Any],
    deploy_version: Callable[[dict[str, str]], str],
    deployer: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    deploy_version(BEFORE)
    migrate_cases(deployer, "dry")
    assert "processes/ and forms/ have changes that aren't deployed (`make deploy`)" in capsys.readouterr().out
