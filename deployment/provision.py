"""Gives every role what it needs, without a click: groups, people, accounts, authorizations, Tasklist's filters.

May be run again and again: what is there stays, what is missing is added.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from config.people import People
from processes.engine import Engine, EngineRefused

# numbers of the engine's resource types
APPLICATION, FILTER, PROCESS_DEFINITION, PROCESS_INSTANCE = 0, 5, 6, 8
DECISION_DEFINITION = 10
DEPLOYMENT = 9
GRANT = 1
PROCESSES = ("corona_care", "take_sample", "test_sample", "trace_contacts", "tell_by_telephone")


@dataclass(frozen=True)
class Grant:
    """A permission on a resource, for a group or an account."""

    resource_type: int
    resource: str
    permissions: tuple[str, ...]
    group: str | None = None
    user: str | None = None


def provision(engine: Engine, people: People, passwords: dict[str, str]) -> None:
    """Create what is missing.

    Args:
        engine: signed in as an administrator.
        passwords: by account; of people and services alike.
    """
    for group, name in people.groups.items():
        _create(engine, "group", group, {"id": group, "name": name, "type": "WORKFLOW"})
    for account, person in people.people.items():
        profile = {"id": account, "firstName": person.given_name, "lastName": person.family_name}
        _create_account(engine, profile, passwords[account])
        for group in person.groups:
            _add_member(engine, group, account)
    for account in people.services:
        profile = {"id": account, "firstName": "CoronaCare", "lastName": account}
        _create_account(engine, profile, passwords[account])
    existing = {_key(row) for row in engine.get("/authorization")}
    for grant in grants():
        _grant(engine, grant, existing)
    for name, group, query in filters():
        _create_filter(engine, name, group, query)


def grants() -> Iterable[Grant]:
    """Who may what: the least that each role needs."""
    for group in ("doctors", "medical-team", "contact-tracers"):
        yield Grant(APPLICATION, "tasklist", ("ACCESS",), group=group)
        for process in PROCESSES:
            yield Grant(PROCESS_DEFINITION, process, ("READ",), group=group)
    yield Grant(APPLICATION, "cockpit", ("ACCESS",), group="process-managers")
    yield Grant(
        PROCESS_DEFINITION,
        "*",
        ("READ", "READ_INSTANCE", "READ_HISTORY", "RETRY_JOB"),
        group="process-managers",
    )
    yield Grant(DECISION_DEFINITION, "*", ("READ", "READ_HISTORY"), group="process-managers")
    yield Grant(DEPLOYMENT, "*", ("READ",), group="process-managers")
    yield Grant(PROCESS_INSTANCE, "*", ("CREATE",), user="webapp")
    yield Grant(
        PROCESS_DEFINITION,
        "*",
        ("READ", "CREATE_INSTANCE", "READ_INSTANCE", "UPDATE_INSTANCE", "READ_HISTORY", "READ_TASK", "UPDATE_TASK"),
        user="webapp",
    )
    yield Grant(DEPLOYMENT, "*", ("READ",), user="webapp")
    yield Grant(PROCESS_INSTANCE, "*", ("CREATE",), user="workers")
    yield Grant(
        PROCESS_DEFINITION,
        "*",
        ("READ", "CREATE_INSTANCE", "READ_INSTANCE", "UPDATE_INSTANCE", "READ_TASK", "UPDATE_TASK", "READ_HISTORY"),
        user="workers",
    )


def filters() -> list[tuple[str, str, dict[str, Any]]]:
    """Tasklist's filters: name, group, query. In the order in which Tasklist shows them."""
    by_priority = {"sorting": [{"sortBy": "priority", "sortOrder": "desc"}]}

    def of(group: str, **more: Any) -> dict[str, Any]:
        return {"candidateGroup": group, "includeAssignedTasks": True, **more, **by_priority}

    report = {"taskDefinitionKey": "Task_WriteDoctorsReport"}
    return [
        ("My reports", "doctors", {**report, "assigneeExpression": "${currentUser()}"}),
        ("Reports by priority", "doctors", of("doctors", **report)),
        ("Patients to call", "doctors", of("doctors", taskDefinitionKey="Task_CallPatient")),
        ("Visits by priority", "medical-team", of("medical-team", taskDefinitionKey="Task_VisitPatient")),
        ("Calls to make", "contact-tracers", of("contact-tracers", followUpBeforeOrNotExistentExpression="${now()}")),
    ]


def _create(engine: Engine, kind: str, identity: str, body: dict[str, Any]) -> None:
    """Create a group or user, unless it is there."""
    if not engine.get(f"/{kind}", id=identity):
        engine.post(f"/{kind}/create", body)


def _create_account(engine: Engine, profile: dict[str, str], password: str) -> None:
    _create(engine, "user", profile["id"], {"profile": profile, "credentials": {"password": password}})


def _add_member(engine: Engine, group: str, account: str) -> None:
    """Put an account into a group, unless it is there."""
    if not engine.get("/user", memberOfGroup=group, id=account):
        engine.put(f"/group/{group}/members/{account}", {})


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["resourceType"], row["resourceId"], row["groupId"], row["userId"]


def _grant(engine: Engine, grant: Grant, existing: set[tuple[Any, ...]]) -> None:
    if (grant.resource_type, grant.resource, grant.group, grant.user) in existing:
        return
    body = {
        "type": GRANT,
        "permissions": list(grant.permissions),
        "groupId": grant.group,
        "userId": grant.user,
        "resourceType": grant.resource_type,
        "resourceId": grant.resource,
    }
    engine.post("/authorization/create", body)


def _create_filter(engine: Engine, name: str, group: str, query: dict[str, Any]) -> None:
    if engine.get("/filter", name=name):
        return
    properties = {"color": "#12403f", "priority": 0, "refresh": True, "showUndefinedVariable": False}
    properties["variables"] = [{"name": "testing_priority", "label": "Priority"}]
    body = {"resourceType": "Task", "name": name, "query": query, "properties": properties}
    try:
        created = engine.post("/filter/create", body)
    except EngineRefused as error:
        raise EngineRefused(f"filter {name}", error.status, error.message) from None
    _grant(engine, Grant(FILTER, created["id"], ("READ",), group=group), set())
