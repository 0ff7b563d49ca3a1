"""Provisioning of the engine: groups, accounts, memberships, authorizations, and Tasklist's filters.

Idempotent. The people file and access/roles.py are the desired state: missing objects are created, different ones are
changed, and accounts that aren't in the people file are deleted, and their claimed tasks unclaimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from access.people import People
from access.roles import DEPLOYMENT, FILTER, GROUP, TASK, USER, Filter, Grant, list_filters, list_grants
from camunda7.names import ADMINISTRATORS
from config.secrets import find_weakness
from processes.engine import Engine

GRANT = 1
# profiles of the existing accounts, by id
Profiles = dict[str, dict[str, Any]]
URGENT = "#a8231c"
CARD = {"color": "#12403f", "refresh": True, "showUndefinedVariable": False}


class WeakPassword(Exception):
    """The password of a new account is empty, short, or easily guessed; the message names the account."""


def provision(
    engine: Engine, people: People, passwords: dict[str, str], administrator: str, has_accounts: bool = True
) -> list[str]:
    """Bring the engine to the desired state; returns a line for each change.

    Args:
        engine: signed in as the administrator.
        passwords: of new accounts, by account; existing accounts keep theirs.
        administrator: an account that isn't deleted, though the people file doesn't name it.
        has_accounts: whether the engine has accounts and groups; not with sign-in by OpenID Connect.

    Raises:
        WeakPassword: a new account has a weak password; nothing was changed.
    """
    if not has_accounts:
        return [*_provision_filters(engine), *_provision_authorizations(engine, people)]
    existing = {user["id"]: user for user in engine.get("/user")}
    _refuse_weak_passwords(people.accounts, existing, passwords)
    return [
        *_provision_groups(engine, people),
        *_provision_accounts(engine, people, existing, passwords),
        *_provision_memberships(engine, people, administrator),
        *_provision_filters(engine),
        *_provision_authorizations(engine, people),
        *_delete_accounts(engine, existing.keys() - {*people.accounts, administrator}),
        *_unclaim_orphaned_tasks(engine, {*people.accounts, administrator}),
    ]


def _refuse_weak_passwords(accounts: list[str], existing: Profiles, passwords: dict[str, str]) -> None:
    new = sorted(set(accounts) - existing.keys())
    weaknesses = {account: find_weakness(passwords.get(account, "")) for account in new}
    errors = [f"the password of {account} {weakness}" for account, weakness in weaknesses.items() if weakness]
    if errors:
        raise WeakPassword("; ".join(errors))


def _provision_groups(engine: Engine, people: People) -> Iterator[str]:
    existing = {group["id"]: group["name"] for group in engine.get("/group")}
    for group, name in people.groups.items():
        body = {"id": group, "name": name, "type": "WORKFLOW"}
        if group not in existing:
            engine.post("/group/create", body)
            yield f"created group {group}"
        elif existing[group] != name:
            engine.put(f"/group/{group}", body)
            yield f"renamed group {group} to {name}"


def _provision_accounts(engine: Engine, people: People, existing: Profiles, passwords: dict[str, str]) -> Iterator[str]:
    names = {account: (person.given_name, person.family_name) for account, person in people.people.items()}
    names |= {account: ("CoronaCare", account) for account in people.services}
    for account, name in names.items():
        current = existing.get(account)
        # PUT replaces the whole profile, also the e-mail address, which the people file doesn't set
        profile = {**(current or {}), "id": account, "firstName": name[0], "lastName": name[1]}
        if current is None:
            body = {"profile": profile, "credentials": {"password": passwords[account]}}
            engine.post("/user/create", body)
            yield f"created account {account}"
        elif current != profile:
            engine.put(f"/user/{account}/profile", profile)
            yield f"changed the name of account {account}"


def _provision_memberships(engine: Engine, people: People, administrator: str) -> Iterator[str]:
    for group in [*people.groups, ADMINISTRATORS]:
        wanted = {account for account, person in people.people.items() if group in person.groups}
        wanted |= {administrator} if group == ADMINISTRATORS else set()
        existing = {user["id"] for user in engine.get("/user", memberOfGroup=group)}
        for account in sorted(wanted - existing):
            engine.put(f"/group/{group}/members/{account}", {})
            yield f"added {account} to {group}"
        for account in sorted(existing - wanted):
            engine.delete(f"/group/{group}/members/{account}")
            yield f"removed {account} from {group}"


def _provision_authorizations(engine: Engine, people: People) -> Iterator[str]:
    """Make the authorizations of our groups and accounts those of roles.py."""
    ours = {(group, None) for group in people.groups} | {(None, account) for account in people.accounts}
    wanted = {_key_of(grant): grant for grant in [*list_grants(), *_filter_grants(engine)]}
    existing: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in engine.get("/authorization", type=GRANT):
        key = (row["resourceType"], row["resourceId"], row["groupId"], row["userId"])
        if key in wanted and key not in existing:
            existing[key] = row
        elif key[2:] in ours and not _is_created_by_engine(row):
            engine.delete(f"/authorization/{row['id']}")
            yield f"revoked all from {row['groupId'] or row['userId']} on {_format_resource(*key[:2])}"
    for key, grant in wanted.items():
        row = existing.get(key)
        if row is not None and set(row["permissions"]) == set(grant.permissions):
            continue
        body = _body(grant)
        if row is None:
            engine.post("/authorization/create", {"type": GRANT, **body})
        else:
            engine.put(f"/authorization/{row['id']}", body)
        yield f"granted {', '.join(grant.permissions)} to {grant.group or grant.user} on {_format_resource(*key[:2])}"


def _is_created_by_engine(row: dict[str, Any]) -> bool:
    """Whether the engine created the authorization: on one's own account, groups, tasks and deployments."""
    kind, resource = row["resourceType"], row["resourceId"]
    if kind == USER:
        return resource == row["userId"]
    if kind == GROUP:
        return resource != "*" and row["permissions"] == ["READ"]
    return kind in (TASK, DEPLOYMENT) and resource != "*"


def _filter_grants(engine: Engine) -> Iterable[Grant]:
    ids = {each["name"]: each["id"] for each in engine.get("/filter")}
    return [Grant(FILTER, ids[each.name], ("READ",), group=each.group) for each in list_filters()]


def _key_of(grant: Grant) -> tuple[Any, ...]:
    return grant.resource_type, grant.resource, grant.group, grant.user


def _format_resource(kind: int, name: str) -> str:
    return f"resource {kind} {name}"


def _body(grant: Grant) -> dict[str, Any]:
    return {
        "permissions": list(grant.permissions),
        "groupId": grant.group,
        "userId": grant.user,
        "resourceType": grant.resource_type,
        "resourceId": grant.resource,
    }


def _provision_filters(engine: Engine) -> Iterator[str]:
    existing = {each["name"]: each for each in engine.get("/filter")}
    for position, wanted in enumerate(list_filters()):
        properties = _properties(wanted, position)
        body = {"resourceType": "Task", "name": wanted.name, "query": wanted.query, "properties": properties}
        current = existing.get(wanted.name)
        if current is None:
            engine.post("/filter/create", body)
            yield f"created filter {wanted.name}"
        # a subset: the engine adds its defaults to a query
        elif current["properties"] != properties or not wanted.query.items() <= current["query"].items():
            engine.put(f"/filter/{current['id']}", body)
            yield f"changed filter {wanted.name}"
    for name in sorted(existing.keys() - {wanted.name for wanted in list_filters()}):
        engine.delete(f"/filter/{existing[name]['id']}")
        yield f"deleted filter {name}"


def _properties(wanted: Filter, position: int) -> dict[str, Any]:
    """Return Tasklist's properties of a filter: its position in the list, and the variables on its cards."""
    variables = [{"name": name, "label": label} for name, label in wanted.card.items()]
    color = {"color": URGENT} if wanted.is_urgent else {}
    return {**CARD, **color, "priority": position, "variables": variables}


def _delete_accounts(engine: Engine, accounts: set[str]) -> Iterator[str]:
    for account in sorted(accounts):
        engine.delete(f"/user/{account}")
        yield f"deleted account {account}"


def _unclaim_orphaned_tasks(engine: Engine, accounts: set[str]) -> Iterator[str]:
    """Unclaim the tasks of accounts that don't exist, including those that an interrupted run deleted.

    There is no race with other claims: a deleted account can't claim, and others can't claim a claimed task.
    """
    for task in engine.get("/task", assigned=True):
        if task["assignee"] not in accounts:
            engine.post(f"/task/{task['id']}/unclaim")
            yield f"unclaimed a task of {task['assignee']}"
