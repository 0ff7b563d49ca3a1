"""Hundreds of cases at all steps are migrated to a newer version under load; each ends, and no effect is doubled."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from camunda7.release.deploy import resources
from camunda7.release.migration import migrate
from camunda7.variables import Variable
from config.settings import ROOT
from deployment.__main__ import NAME
from processes.elements import Process
from processes.engine import Engine
from processes.variables import VARIABLES
from tests.faults.fleet import Fleet
from tests.faults.newer_version import HINTS, NEW_ID, NEW_VARIABLE, OLD_ID, REMOVED, create_newer_version
from tests.faults.run import Run, running_cases, scaled
from tests.faults.system import SystemUnderTest
from tests.support.case import CaseUnderTest, eventually
from workers.lanes import all_handlers

pytestmark = [pytest.mark.engine, pytest.mark.verify]

CASES = scaled(24, 500)
# maximum number of forms that a case fills in before it pauses
MAX_FORMS = 6
# number of tasks of each topic that stay locked during the migration
LOCKED_PER_TOPIC = scaled(1, 3)
# one of this number of running cases
FEEL_WORSE = 4
WITHDRAW = 9
UNDER_CARE = {"Task_VisitPatient", "Task_WriteDoctorsReport"}
SLOW_WORKER = "slow-worker"


class FormQuota:
    """Limits the forms that each case fills in, so that the cases pause at different steps.

    Attributes:
        is_lifted: whether all cases continue without a limit.
    """

    def __init__(self) -> None:
        forms = itertools.cycle(range(MAX_FORMS + 1))
        self._left: dict[str, int] = defaultdict(lambda: next(forms))
        self.is_lifted = False

    def __call__(self, reference: str) -> bool:
        if self.is_lifted:
            return True
        self._left[reference] -= 1
        return self._left[reference] >= 0

    def raise_for(self, references: Iterable[str]) -> None:
        self._left.update(dict.fromkeys(references, MAX_FORMS))


def without_progress(items: Iterable[Any], what: str, count: int) -> Iterable[Any]:
    return items


@pytest.fixture(autouse=True)
def review_wanted_after(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = Variable(NEW_VARIABLE, "String", "how long until a review is asked for")
    monkeypatch.setitem(VARIABLES, NEW_VARIABLE, declared)


@pytest.fixture
def deployer(system: SystemUnderTest) -> Iterator[Engine]:
    """The engine with the deployer's account; the current files are deployed again at the end."""
    account = system.state["accounts"]["deployer"]
    engine = Engine(system.state["engine"], account["username"], account["password"])
    yield engine
    deploy(engine, resources(ROOT))


def deploy(engine: Engine, files: dict[str, bytes]) -> str:
    """Deploy files; returns the id of the new definition of corona_care."""
    deployment = engine.upload("/deployment/create", {"deployment-name": NAME, "deployment-source": NAME}, files)
    definitions = deployment["deployedProcessDefinitions"]
    return next(each for each in definitions if each.startswith(f"{Process.CORONA_CARE}:"))


def lock_tasks(engine: Engine, locked: Counter[str], stopping: threading.Event) -> None:
    """Lock some tasks of each topic for an hour, as a slow worker does."""
    topics = {handler.topic for handler in all_handlers()}
    while not stopping.wait(0.02):
        wanted = [{"topicName": each, "lockDuration": 3_600_000} for each in topics if locked[each] < LOCKED_PER_TOPIC]
        if not wanted:
            return
        body = {"workerId": SLOW_WORKER, "maxTasks": 1, "topics": wanted}
        for task in engine.post("/external-task/fetchAndLock", body):
            locked[task["topicName"]] += 1


def steps_of(engine: Engine) -> dict[str, set[str]]:
    """Ids of the elements with a running activity instance, by open case."""
    found = defaultdict(set)
    references = {id: case for case, instances in versions_of(engine).items() for id in instances}
    for row in engine.post("/history/activity-instance?maxResults=100000", {"unfinished": True}):
        if row["processInstanceId"] in references:
            found[references[row["processInstanceId"]]].add(row["activityId"])
    return found


def versions_of(engine: Engine) -> dict[str, dict[str, str]]:
    """The definition of each open process instance, by case."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    query = {"processDefinitionKeyIn": list(Process)}
    for each in engine.post("/process-instance?maxResults=100000", query):
        found[each["businessKey"]][each["id"]] = each["definitionId"]
    return found


def timers_of(engine: Engine, instances: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    """The due dates of the timers of these process instances, by instance and activity (with its old id)."""
    found = defaultdict(list)
    activities = {each["id"]: each["activityId"].replace(NEW_ID, OLD_ID) for each in engine.get("/job-definition")}
    for each in engine.post("/job?maxResults=100000", {"timers": True}):
        if each["processInstanceId"] in instances:
            found[each["processInstanceId"], activities[each["jobDefinitionId"]]].append(each["dueDate"])
    return {key: sorted(due) for key, due in found.items()}


def is_idle(run: Run) -> bool:
    """Whether all cases are started and wait for a form or a locked task."""
    engine = run.driver.engine
    started = len(run.driver.acknowledged) == run.driver.attempted
    tasks = engine.get("/external-task/count")["count"]
    tasks -= engine.get("/external-task/count", workerId=SLOW_WORKER)["count"]
    jobs = engine.get("/job/count", messages=True)["count"]
    waits = {"activityId": "Task_WaitForTestResult", "unfinished": True}
    results = engine.post("/history/activity-instance/count", waits)["count"]
    return started and tasks == 0 and jobs == 0 and results == 0


def suspend_workers_repeatedly(fleet: Fleet, run: Run) -> None:
    """Suspend and continue the workers each second until all cases have started, so that unlocked tasks accumulate."""
    while len(run.driver.acknowledged) < run.driver.attempted:
        for what in (signal.SIGSTOP, signal.SIGCONT):
            for number in fleet.numbers:
                fleet.signal(number, what)
            time.sleep(1)


def report_worsening(system: SystemUnderTest, steps: dict[str, set[str]]) -> None:
    """Report worse symptoms for some cases, which starts a doctor's call beside their other steps."""
    for reference in cases_under_care(steps)[::FEEL_WORSE]:
        case_of(system, reference).report_worsening(breathless=True)


def withdraw(system: SystemUnderTest, run: Run, steps: dict[str, set[str]]) -> None:
    """Withdraw some cases, other ones than those with worse symptoms."""
    withdrawing = cases_under_care(steps)[1::WITHDRAW]
    run.expect_withdrawn(withdrawing)
    for reference in withdrawing:
        case_of(system, reference).withdraw()


def cases_under_care(steps: dict[str, set[str]]) -> list[str]:
    return [case for case, at in sorted(steps.items()) if at & UNDER_CARE]


def case_of(system: SystemUnderTest, reference: str) -> CaseUnderTest:
    case = CaseUnderTest(system.state)
    case.reference = reference
    return case


def unlock_tasks(engine: Engine) -> None:
    for task in engine.get("/external-task", workerId=SLOW_WORKER, locked=True):
        engine.post(f"/external-task/{task['id']}/unlock")


def test_cases_at_all_steps_are_migrated_and_end(system: SystemUnderTest, deployer: Engine) -> None:
    fleet, quota = Fleet(system.parts["workers"], 2, system.logs), FormQuota()
    locked: Counter[str] = Counter()
    stopping = threading.Event()
    with fleet, running_cases(system.state, system.ledgers, cases=0) as run:
        engine = run.driver.engine
        run.driver.max_open, run.driver.may_continue = CASES, quota
        try:
            locking = threading.Thread(target=lock_tasks, args=[engine, locked, stopping])
            locking.start()
            run.driver.start(CASES)
            suspend_workers_repeatedly(fleet, run)
            eventually(lambda: is_idle(run), "the cases don't pause", within_s=scaled(180, 600))
            steps = steps_of(engine)
            report_worsening(system, steps)
            withdraw(system, run, steps)
            eventually(lambda: is_idle(run), "the cases don't pause again", within_s=60)
            stopping.set()
            locking.join()
            before = steps_of(engine)
            counts = Counter(step for steps in before.values() for step in steps)
            print(f"{len(before)} cases are at {dict(counts.most_common())}")
            # not REMOVED: it has few tasks, and whether one of them is locked depends on timing
            assert {OLD_ID, "Task_CallPatient"} <= counts.keys()

            newest = deploy(deployer, create_newer_version(resources(ROOT)))
            moving = set(sorted(before)[::10])
            paused = before.keys() - moving
            instances = {id for case, own in versions_of(engine).items() if case in paused for id in own}
            due = timers_of(engine, instances)
            quota.raise_for(moving)
            lines: list[str] = []
            began = time.monotonic()
            assert migrate(deployer, NAME, HINTS, lines.append, without_progress), lines
            output = "\n".join(lines)
            print(f"migrated in {time.monotonic() - began:.1f} s:\n{output}")
            versions = versions_of(engine)
            latest = {each["id"] for each in engine.get("/process-definition", latestVersion=True)}
            assert newest in latest
            migrated = {case for case, own in versions.items() if set(own.values()) <= latest}
            assert {case for case in versions.keys() - migrated if case not in output} == set()
            assert paused & migrated == {case for case in paused if REMOVED not in before[case]}
            due_now = timers_of(engine, instances)
            assert {key: (was, due_now.get(key)) for key, was in due.items() if due_now.get(key) != was} == {}
            assert not engine.get("/batch")
            after = Counter(step for steps in steps_of(engine).values() for step in steps)
            assert after[NEW_ID] > 0
            assert after[OLD_ID] == 0
        finally:
            # also after a failure, so that the cases of this test end
            stopping.set()
            unlock_tasks(engine)
            quota.is_lifted = True
    report = run.report()
    assert report.attempted == report.completed == CASES, report.lost_cases
    assert not report.doubled
