"""One command gives access, and takes it: run again it changes nothing, and who is gone from the file is gone."""

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


def with_one_more(people: People, account: str, *groups: str) -> People:
    newcomer = Person(given_name="Nora", family_name="New", groups=list(groups))
    return people.model_copy(update={"people": {**people.people, account: newcomer}})


def run(engine: Engine, people: People, **passwords: str) -> list[str]:
    return provision(engine, people, passwords, ADMIN)


def test_a_second_run_changes_nothing(engine: Engine, people: People) -> None:
    assert run(engine, people) == []


def test_who_comes_has_access_and_who_leaves_has_none(
    engine: Engine, people: People, case: CaseUnderTest, state: dict[str, Any]
) -> None:
    # a doctor comes, and claims a report
    bigger = with_one_more(people, "newcomer", "doctors")
    assert run(engine, bigger, newcomer="correct horse battery") == [
        "created account newcomer",
        "added newcomer to doctors",
    ]
    assert run(engine, bigger) == []
    newcomer = Engine(state["engine"], "newcomer", "correct horse battery")
    case.is_told("negative")
    task = case.waits_for("doctor_report").id
    newcomer.post(f"/task/{task}/claim", {"userId": "newcomer"})
    assert engine.get(f"/task/{task}")["assignee"] == "newcomer"
    # and leaves: the report is open to the others again
    assert run(engine, people) == [
        "removed newcomer from doctors",
        "deleted account newcomer",
        "unclaimed a task of newcomer",
    ]
    with pytest.raises(SignInRefused):
        newcomer.get("/task")
    assert engine.get(f"/task/{task}")["assignee"] is None
    case.is_reported()
    assert run(engine, people) == []


def test_who_changes_roles_has_the_new_one_only(engine: Engine, people: People, state: dict[str, Any]) -> None:
    run(engine, with_one_more(people, "mover", "doctors"), mover="correct horse battery")
    done = run(engine, with_one_more(people, "mover", "process-managers"))
    assert set(done) == {"removed mover from doctors", "added mover to process-managers"}
    mover = Engine(state["engine"], "mover", "correct horse battery")
    assert mover.groups_of("mover") == {"process-managers"}
    run(engine, people)


def test_what_was_given_by_hand_is_taken_and_what_was_taken_is_given(engine: Engine, people: People) -> None:
    # by hand: more for doctors, less for managers, another role, another filter
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
