"""Hundreds of cases, everywhere on their road, come to a newer version while they go on, and each to its end, once."""

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
from tests.faults.ground import Ground
from tests.faults.newer import GONE, HINTS, NOW, RENAMED, WAIT, newer
from tests.faults.run import Run, scaled, under_way
from tests.support.case import CaseUnderTest, eventually
from workers.lanes import all_handlers

pytestmark = [pytest.mark.engine, pytest.mark.verify]

CASES = scaled(24, 500)
# forms that a case fills in before it rests, at most
MOST_FORMS = 6
# each topic has so many tasks that are in hand for long
IN_HAND = scaled(1, 3)
# of those under care, each so many-th
FEEL_WORSE = 4
WITHDRAW = 9
UNDER_CARE = {"Task_VisitPatient", "Task_WriteDoctorsReport"}
HOLDER = "whoever works for long"


class Resting:
    """Has each case rest after some forms; later some go on, and in the end all.

    Attributes:
        all_go_on: whether none rests any more.
    """

    def __init__(self) -> None:
        forms = itertools.cycle(range(MOST_FORMS + 1))
        self._left: dict[str, int] = defaultdict(lambda: next(forms))
        self.all_go_on = False

    def __call__(self, reference: str) -> bool:
        if self.all_go_on:
            return True
        self._left[reference] -= 1
        return self._left[reference] >= 0

    def some_go_on(self, references: Iterable[str]) -> None:
        self._left.update(dict.fromkeys(references, MOST_FORMS))


def unseen(items: Iterable[Any], what: str, count: int) -> Iterable[Any]:
    return items


@pytest.fixture(autouse=True)
def review_wanted_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VARIABLES, WAIT, Variable(WAIT, "String", "how long until a review is asked for"))


@pytest.fixture
def deployer(ground: Ground) -> Iterator[Engine]:
    """The deployer's account; afterwards cases begin under the files as they are."""
    account = ground.state["accounts"]["deployer"]
    engine = Engine(ground.state["engine"], account["username"], account["password"])
    yield engine
    deploys(engine, resources(ROOT))


def deploys(engine: Engine, files: dict[str, bytes]) -> str:
    """Returns the id of the new definition of corona_care."""
    made = engine.upload("/deployment/create", {"deployment-name": NAME, "deployment-source": NAME}, files)
    return next(each for each in made["deployedProcessDefinitions"] if each.startswith(f"{Process.CORONA_CARE}:"))


def holds(engine: Engine, held: Counter[str], stopping: threading.Event) -> None:
    """Take some tasks of each topic, as a worker that works for an hour."""
    topics = {handler.topic for handler in all_handlers()}
    while not stopping.wait(0.02):
        wanted = [{"topicName": each, "lockDuration": 3_600_000} for each in topics if held[each] < IN_HAND]
        if not wanted:
            return
        body = {"workerId": HOLDER, "maxTasks": 1, "topics": wanted}
        for task in engine.post("/external-task/fetchAndLock", body):
            held[task["topicName"]] += 1


def steps_of(engine: Engine) -> dict[str, set[str]]:
    """Ids of the elements at which each open case stands."""
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
    """When the timers of these process instances are due, by instance and by what has them."""
    found = defaultdict(list)
    of = {each["id"]: each["activityId"].replace(NOW, RENAMED) for each in engine.get("/job-definition")}
    for each in engine.post("/job?maxResults=100000", {"timers": True}):
        if each["processInstanceId"] in instances:
            found[each["processInstanceId"], of[each["jobDefinitionId"]]].append(each["dueDate"])
    return {key: sorted(due) for key, due in found.items()}


def is_at_rest(run: Run) -> bool:
    """Whether nothing goes on by itself any more."""
    engine = run.driver.engine
    started = len(run.driver.acknowledged) == run.driver.attempted
    tasks = engine.get("/external-task/count")["count"] - engine.get("/external-task/count", workerId=HOLDER)["count"]
    jobs = engine.get("/job/count", messages=True)["count"]
    waits = {"activityId": "Task_WaitForTestResult", "unfinished": True}
    results = engine.post("/history/activity-instance/count", waits)["count"]
    return started and tasks == 0 and jobs == 0 and results == 0


def works_by_fits_and_starts(fleet: Fleet, run: Run) -> None:
    """Tasks pile up while nobody works, so that there are some of each topic to take."""
    while len(run.driver.acknowledged) < run.driver.attempted:
        for what in (signal.SIGSTOP, signal.SIGCONT):
            for number in fleet.numbers:
                fleet.signal(number, what)
            time.sleep(1)


def some_feel_worse(ground: Ground, steps: dict[str, set[str]]) -> None:
    """So that a doctor is to call them, beside all else that goes on in their cases."""
    for reference in under_care(steps)[::FEEL_WORSE]:
        case_of(ground, reference).feels_worse(breathless=True)


def some_withdraw(ground: Ground, run: Run, steps: dict[str, set[str]]) -> None:
    """Others than those who feel worse."""
    withdrawing = under_care(steps)[1::WITHDRAW]
    run.withdraw(withdrawing)
    for reference in withdrawing:
        case_of(ground, reference).withdraws()


def under_care(steps: dict[str, set[str]]) -> list[str]:
    return [case for case, at in sorted(steps.items()) if at & UNDER_CARE]


def case_of(ground: Ground, reference: str) -> CaseUnderTest:
    case = CaseUnderTest(ground.state)
    case.reference = reference
    return case


def give_back(engine: Engine) -> None:
    for task in engine.get("/external-task", workerId=HOLDER, locked=True):
        engine.post(f"/external-task/{task['id']}/unlock")


def test_cases_come_along_wherever_they_stand(ground: Ground, deployer: Engine) -> None:
    fleet, resting = Fleet(ground.parts["workers"], 2, ground.logs), Resting()
    held: Counter[str] = Counter()
    enough = threading.Event()
    with fleet, under_way(ground.state, ground.ledgers, cases=0) as run:
        engine = run.driver.engine
        run.driver.most_open, run.driver.goes_on = CASES, resting
        try:
            holding = threading.Thread(target=holds, args=[engine, held, enough])
            holding.start()
            run.driver.start(CASES)
            works_by_fits_and_starts(fleet, run)
            eventually(lambda: is_at_rest(run), "the cases don't come to rest", within_s=scaled(180, 600))
            steps = steps_of(engine)
            some_feel_worse(ground, steps)
            some_withdraw(ground, run, steps)
            eventually(lambda: is_at_rest(run), "the cases don't come to rest again", within_s=60)
            enough.set()
            holding.join()
            before = steps_of(engine)
            stood_at = Counter(step for steps in before.values() for step in steps)
            print(f"{len(before)} cases stand at {dict(stood_at.most_common())}")
            # whether somebody holds one of the few tasks at the step that goes is chance
            assert {RENAMED, "Task_CallPatient"} <= stood_at.keys()

            newest = deploys(deployer, newer(resources(ROOT)))
            moving = set(sorted(before)[::10])
            still = before.keys() - moving
            instances = {id for case, own in versions_of(engine).items() if case in still for id in own}
            due = timers_of(engine, instances)
            resting.some_go_on(moving)
            said: list[str] = []
            began = time.monotonic()
            assert migrate(deployer, NAME, HINTS, said.append, unseen), said
            told = "\n".join(said)
            print(f"migrated in {time.monotonic() - began:.1f} s:\n{told}")
            there = versions_of(engine)
            latest = {each["id"] for each in engine.get("/process-definition", latestVersion=True)}
            assert newest in latest
            came_along = {case for case, own in there.items() if set(own.values()) <= latest}
            assert {case for case in there.keys() - came_along if case not in told} == set()
            assert still & came_along == {case for case in still if GONE not in before[case]}
            still_due = timers_of(engine, instances)
            assert {key: (was, still_due.get(key)) for key, was in due.items() if still_due.get(key) != was} == {}
            assert not engine.get("/batch")
            now = Counter(step for steps in steps_of(engine).values() for step in steps)
            assert now[NOW] > 0
            assert now[RENAMED] == 0
        finally:
            # whatever came of it, no case of this test rests any more
            enough.set()
            give_back(engine)
            resting.all_go_on = True
    report = run.report()
    assert report.attempted == report.completed == CASES, report.where_lost
    assert not report.doubled
