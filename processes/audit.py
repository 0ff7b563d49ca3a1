"""Who of the staff has seen or changed a case: the engine's user operation log, in which reading is logged too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from camunda7.variables import ENGINE_TIME
from processes.engine import Engine

READ, WORKED, CHANGED = "read", "worked", "changed"
# what is done with a task by whoever fills in its form
TASK_WORK = {"Claim", "Complete", "Assign", "Delegate", "Resolve", "SubmitForm"}
# the platform's own parts, by which patients read and write themselves
PARTS = {"webapp", "workers", "deployer"}


@dataclass(frozen=True)
class Access:
    """One person's access to a case, at a time.

    Attributes:
        groups: the person's, now; none when they have left.
        kind: READ, WORKED (on a task) or CHANGED.
    """

    at: datetime
    groups: frozenset[str]
    kind: str


def accesses(engine: Engine, case_reference: str) -> list[Access]:
    """Each access to the case, the newest first; what was done within one minute is one."""
    instances = engine.post("/history/process-instance", {"processInstanceBusinessKey": case_reference})
    entries = [
        entry
        for instance in instances
        for entry in engine.get("/history/user-operation", processInstanceId=instance["id"])
        if entry["userId"] and entry["userId"] not in PARTS
    ]
    groups = {account: frozenset(engine.groups_of(account)) for account in {entry["userId"] for entry in entries}}
    found = {Access(_minute(entry["timestamp"]), groups[entry["userId"]], _kind(entry)) for entry in entries}
    return sorted(found, key=lambda access: (access.at, access.kind), reverse=True)


def _minute(text: str) -> datetime:
    return datetime.strptime(text, ENGINE_TIME).replace(second=0, microsecond=0)


def _kind(entry: dict[str, str]) -> str:
    if entry["operationType"] == "Read":
        return READ
    return WORKED if entry["operationType"] in TASK_WORK else CHANGED
