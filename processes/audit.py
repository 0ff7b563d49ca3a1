"""Access log of a case: the engine's user operation log, to which engine/…/ReadAccessLog.java adds reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from camunda7.variables import ENGINE_TIME
from processes.engine import Engine

READ, WORKED, CHANGED = "read", "worked", "changed"
# operations on a task by the person who fills in its form
TASK_WORK = {"Claim", "Complete", "Assign", "Delegate", "Resolve", "SubmitForm"}
# technical accounts, by which patients access their own case
PARTS = {"webapp", "workers", "deployer"}


@dataclass(frozen=True)
class Access:
    """One staff member's access to a case.

    Attributes:
        at: to the minute.
        groups: current groups of the person; none if the account was deleted.
        kind: READ, WORKED (on a task) or CHANGED.
    """

    at: datetime
    groups: frozenset[str]
    kind: str


def list_accesses(engine: Engine, case_reference: str) -> list[Access]:
    """Return the accesses to a case, the newest first; those of the same kind within a minute are one."""
    instances = engine.post("/history/process-instance", {"processInstanceBusinessKey": case_reference})
    entries = [
        entry
        for instance in instances
        for entry in engine.get("/history/user-operation", processInstanceId=instance["id"])
        if entry["userId"] and entry["userId"] not in PARTS
    ]
    groups = {account: frozenset(engine.groups_of(account)) for account in {entry["userId"] for entry in entries}}
    accesses = {Access(_minute(entry["timestamp"]), groups[entry["userId"]], _kind(entry)) for entry in entries}
    return sorted(accesses, key=lambda access: (access.at, access.kind), reverse=True)


def _minute(text: str) -> datetime:
    return datetime.strptime(text, ENGINE_TIME).replace(second=0, microsecond=0)


def _kind(entry: dict[str, str]) -> str:
    if entry["operationType"] == "Read":
        return READ
    return WORKED if entry["operationType"] in TASK_WORK else CHANGED
