"""Brings groups, people, accounts, authorizations and Tasklist's filters to what the people file and roles.py say.

May be run again and again. The files are the truth: what is missing is added, what differs is changed, and whoever is
no longer in the people file loses the account, and with it all access; the tasks that they had claimed are open again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from access.people import People
from access.roles import ADMINISTRATORS, DEPLOYMENT, FILTER, GROUP, TASK, USER, Filter, Grant, filters, grants
from config.secrets import find_weakness
from processes.engine import Engine

GRANT = 1
# the profile of each account that is there
Known = dict[str, dict[str, Any]]
URGENT = "#a8231c"
CARD = {"color": "#12403f", "refresh": True, "showUndefinedVariable": False}


class WeakPassword(Exception):
    """An account's password is empty, short, or known to everybody; the message names the account."""


def provision(engine: Engine, people: People, passwords: dict[str, str], administrator: str) -> list[str]:
    """Do what is needed; returns what was done, a line each.

    Args:
        engine: signed in as the administrator.
        passwords: by account, of people and services alike; an account that is there keeps the one it has.
        administrator: an account that is kept, though the people file doesn't name it.

    Raises:
        WeakPassword: nothing was done, for a new account's password is none.
    """
    known = {user["id"]: user for user in engine.get("/user")}
    _refuse_weak(people.accounts, known, passwords)
    return [
        *_groups(engine, people),
        *_accounts(engine, people, known, passwords),
        *_members(engine, people, administrator),
        *_filters(engine),
        *_authorizations(engine, people),
        *_leavers(engine, known.keys() - {*people.accounts, administrator}),
        *_orphaned_tasks(engine, {*people.accounts, administrator}),
    ]


def _refuse_weak(accounts: list[str], known: Known, passwords: dict[str, str]) -> None:
    weak = {account: find_weakness(passwords.get(account, "")) for account in sorted(set(accounts) - known.keys())}
    found = [f"the password of {account} {why}" for account, why in weak.items() if why]
    if found:
        raise WeakPassword("; ".join(found))


def _groups(engine: Engine, people: People) -> Iterator[str]:
    known = {group["id"]: group["name"] for group in engine.get("/group")}
    for group, name in people.groups.items():
        body = {"id": group, "name": name, "type": "WORKFLOW"}
        if group not in known:
            engine.post("/group/create", body)
            yield f"group {group} is new"
        elif known[group] != name:
            engine.put(f"/group/{group}", body)
            yield f"group {group} is called {name}"


def _accounts(engine: Engine, people: People, known: Known, passwords: dict[str, str]) -> Iterator[str]:
    names = {account: (person.given_name, person.family_name) for account, person in people.people.items()}
    names |= {account: ("CoronaCare", account) for account in people.services}
    for account, name in names.items():
        there = known.get(account)
        # replaces the whole profile, so it keeps what the people file doesn't have: the e-mail address
        profile = {**(there or {}), "id": account, "firstName": name[0], "lastName": name[1]}
        if there is None:
            body = {"profile": profile, "credentials": {"password": passwords[account]}}
            engine.post("/user/create", body)
            yield f"account {account} is new"
        elif there != profile:
            engine.put(f"/user/{account}/profile", profile)
            yield f"account {account} has another name"


def _members(engine: Engine, people: People, administrator: str) -> Iterator[str]:
    for group in [*people.groups, ADMINISTRATORS]:
        wanted = {account for account, person in people.people.items() if group in person.groups}
        wanted |= {administrator} if group == ADMINISTRATORS else set()
        there = {user["id"] for user in engine.get("/user", memberOfGroup=group)}
        for account in sorted(wanted - there):
            engine.put(f"/group/{group}/members/{account}", {})
            yield f"{account} is in {group}"
        for account in sorted(there - wanted):
            engine.delete(f"/group/{group}/members/{account}")
            yield f"{account} is in {group} no more"


def _authorizations(engine: Engine, people: People) -> Iterator[str]:
    """Exactly those of roles.py, for our groups and accounts."""
    ours = {(group, None) for group in people.groups} | {(None, account) for account in people.accounts}
    wanted = {_place(grant): grant for grant in [*grants(), *_on_filters(engine)]}
    there: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in engine.get("/authorization", type=GRANT):
        place = (row["resourceType"], row["resourceId"], row["groupId"], row["userId"])
        if place in wanted and place not in there:
            there[place] = row
        elif place[2:] in ours and not _is_engines_own(row):
            engine.delete(f"/authorization/{row['id']}")
            yield f"{row['groupId'] or row['userId']} may nothing more on {_resource(*place[:2])}"
    for place, grant in wanted.items():
        row = there.get(place)
        if row is not None and set(row["permissions"]) == set(grant.permissions):
            continue
        body = _body(grant)
        if row is None:
            engine.post("/authorization/create", {"type": GRANT, **body})
        else:
            engine.put(f"/authorization/{row['id']}", body)
        yield f"{grant.group or grant.user} may {', '.join(grant.permissions)} on {_resource(*place[:2])}"


def _is_engines_own(row: dict[str, Any]) -> bool:
    """The engine itself gives some: on one's own account and groups, on tasks to do, on what one has deployed."""
    kind, resource = row["resourceType"], row["resourceId"]
    if kind == USER:
        return resource == row["userId"]
    if kind == GROUP:
        return resource != "*" and row["permissions"] == ["READ"]
    return kind in (TASK, DEPLOYMENT) and resource != "*"


def _on_filters(engine: Engine) -> Iterable[Grant]:
    ids = {known["name"]: known["id"] for known in engine.get("/filter")}
    return [Grant(FILTER, ids[each.name], ("READ",), group=each.group) for each in filters()]


def _place(grant: Grant) -> tuple[Any, ...]:
    return grant.resource_type, grant.resource, grant.group, grant.user


def _resource(kind: int, name: str) -> str:
    return f"resource {kind} {name}"


def _body(grant: Grant) -> dict[str, Any]:
    return {
        "permissions": list(grant.permissions),
        "groupId": grant.group,
        "userId": grant.user,
        "resourceType": grant.resource_type,
        "resourceId": grant.resource,
    }


def _filters(engine: Engine) -> Iterator[str]:
    known = {each["name"]: each for each in engine.get("/filter")}
    for position, wanted in enumerate(filters()):
        properties = _properties(wanted, position)
        body = {"resourceType": "Task", "name": wanted.name, "query": wanted.query, "properties": properties}
        there = known.get(wanted.name)
        if there is None:
            engine.post("/filter/create", body)
            yield f"filter {wanted.name} is new"
        # the engine adds to a query what it has by default
        elif there["properties"] != properties or not wanted.query.items() <= there["query"].items():
            engine.put(f"/filter/{there['id']}", body)
            yield f"filter {wanted.name} is another"
    for name in sorted(known.keys() - {wanted.name for wanted in filters()}):
        engine.delete(f"/filter/{known[name]['id']}")
        yield f"filter {name} is gone"


def _properties(wanted: Filter, position: int) -> dict[str, Any]:
    """How Tasklist shows a filter: in this place of its list, with these variables on its cards."""
    variables = [{"name": name, "label": label} for name, label in wanted.card.items()]
    color = {"color": URGENT} if wanted.is_urgent else {}
    return {**CARD, **color, "priority": position, "variables": variables}


def _leavers(engine: Engine, accounts: set[str]) -> Iterator[str]:
    for account in sorted(accounts):
        engine.delete(f"/user/{account}")
        yield f"account {account} is gone"


def _orphaned_tasks(engine: Engine, accounts: set[str]) -> Iterator[str]:
    """Open the tasks again that are claimed by an account that is gone.

    By then it can't complete or claim one, and others can't claim what is claimed: no claim but its own is removed.
    What an interrupted run has left is found as well.
    """
    for task in engine.get("/task", assigned=True):
        if task["assignee"] not in accounts:
            engine.post(f"/task/{task['id']}/unclaim")
            yield f"a task that {task['assignee']} had claimed is open again"
