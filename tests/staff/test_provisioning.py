"""Provisioning of accounts, groups, authorizations and filters from the people file, which is idempotent."""

from __future__ import annotations

from typing import Any

import pytest

from access.people import People, Person, load_people
from access.provision import provision
from access.roles import APPLICATION, PROCESS_DEFINITION, USER
from camunda7.engine import SignInRefused
from config import settings as config
from processes.engine import Engine
from tests.support.case import CaseUnderTest

pytestmark = [pytest.mark.engine, pytest.mark.serial]

ADMIN = "admin"


@pytest.fixture
def people() -> People:
    return load_people(config.load().people)


@pytest.fixture
def engine(case: CaseUnderTest) -> Engine:
    return case.admin


def add_person(people: People, account: str, *groups: str) -> People:
    newcomer = Person(given_name="Nora", family_name="New", groups=list(groups))
    return people.model_copy(update={"people": {**people.people, account: newcomer}})


def run(engine: Engine, people: People, **passwords: str) -> list[str]:
    return provision(engine, people, passwords, ADMIN)


def test_a_second_run_changes_nothing(engine: Engine, people: People) -> None:
    assert run(engine, people) == []


def test_an_added_person_has_access_and_a_removed_one_has_none(
    engine: Engine, people: People, case: CaseUnderTest, state: dict[str, Any]
) -> None:
    # a doctor is added, and claims a report
    extended = add_person(people, "newcomer", "doctors")
    assert run(engine, extended, newcomer="correct horse battery") == [
        "created account newcomer",
        "added newcomer to doctors",
    ]
    assert run(engine, extended) == []
    newcomer = Engine(state["engine"], "newcomer", "correct horse battery")
    case.reach_report("negative")
    task = case.wait_for_task("doctor_report").id
    newcomer.post(f"/task/{task}/claim", {"userId": "newcomer"})
    assert engine.get(f"/task/{task}")["assignee"] == "newcomer"
    # and is removed: the report is unclaimed
    assert run(engine, people) == [
        "removed newcomer from doctors",
        "deleted account newcomer",
        "unclaimed a task of newcomer",
    ]
    with pytest.raises(SignInRefused):
        newcomer.get("/task")
    assert engine.get(f"/task/{task}")["assignee"] is None
    case.submit_report()
    assert run(engine, people) == []


def test_a_person_whose_role_changes_has_only_the_new_one(
    engine: Engine, people: People, state: dict[str, Any]
) -> None:
    run(engine, add_person(people, "mover", "doctors"), mover="correct horse battery")
    done = run(engine, add_person(people, "mover", "process-managers"))
    assert set(done) == {"removed mover from doctors", "added mover to process-managers"}
    mover = Engine(state["engine"], "mover", "correct horse battery")
    assert mover.groups_of("mover") == {"process-managers"}
    run(engine, people)


def test_manual_changes_are_reverted(engine: Engine, people: People) -> None:
    # more permissions of doctors, fewer of managers, another role of a doctor, another query of a filter
    more = {"type": 1, "permissions": ["ACCESS"], "groupId": "doctors", "userId": None}
    engine.post("/authorization/create", {**more, "resourceType": APPLICATION, "resourceId": "cockpit"})
    engine.post("/authorization/create", {**more, "permissions": ["ALL"], "resourceType": USER, "resourceId": "*"})
    query = {"groupIdIn": "process-managers", "resourceType": PROCESS_DEFINITION}
    [managers] = engine.get("/authorization", **query)
    less = {name: managers[name] for name in ("groupId", "userId", "resourceType", "resourceId")}
    engine.put(f"/authorization/{managers['id']}", {**less, "permissions": ["READ"]})
    engine.put("/group/process-managers/members/doctor", {})
    [visits] = engine.get("/filter", name="All visits")
    other = {"resourceType": "Task", "name": visits["name"], "properties": visits["properties"]}
    engine.put(f"/filter/{visits['id']}", {**other, "query": {"candidateGroup": "doctors"}})

    done = run(engine, people)
    assert done[:2] + sorted(done[2:]) == [
        "removed doctor from process-managers",
        "changed filter All visits",
        "granted READ, READ_INSTANCE, READ_HISTORY, READ_TASK, RETRY_JOB to process-managers on resource 6 *",
        "revoked all from doctors on resource 0 cockpit",
        "revoked all from doctors on resource 1 *",
    ]
    assert run(engine, people) == []
