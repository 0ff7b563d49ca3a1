"""Who may what in the engine, and what they find in Tasklist: the least that each role needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# numbers of the engine's resource types
APPLICATION, FILTER, PROCESS_DEFINITION, PROCESS_INSTANCE, DEPLOYMENT, DECISION_DEFINITION = 0, 5, 6, 8, 9, 10
ADMINISTRATORS = "camunda-admin"
PROCESSES = ("corona_care", "take_sample", "test_sample", "trace_contacts", "tell_by_telephone")
# what the platform's own parts do with cases
ON_CASES = ("READ", "CREATE_INSTANCE", "READ_INSTANCE", "UPDATE_INSTANCE", "READ_HISTORY", "READ_TASK", "UPDATE_TASK")


@dataclass(frozen=True)
class Grant:
    """Permissions on a resource, for a group or an account."""

    resource_type: int
    resource: str
    permissions: tuple[str, ...]
    group: str | None = None
    user: str | None = None


@dataclass(frozen=True)
class Filter:
    """A list of tasks in Tasklist, for a group."""

    name: str
    group: str
    query: dict[str, Any]


def grants() -> Iterable[Grant]:
    """Who may what."""
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
    for part in ("webapp", "workers"):
        yield Grant(PROCESS_INSTANCE, "*", ("CREATE",), user=part)
        yield Grant(PROCESS_DEFINITION, "*", ON_CASES, user=part)
    yield Grant(DEPLOYMENT, "*", ("READ",), user="webapp")


def filters() -> list[Filter]:
    """Tasklist's filters, in the order in which it shows them."""
    by_priority = {"sorting": [{"sortBy": "priority", "sortOrder": "desc"}]}

    def of(name: str, group: str, **more: Any) -> Filter:
        return Filter(name, group, {"candidateGroup": group, "includeAssignedTasks": True, **more, **by_priority})

    report = {"taskDefinitionKey": "Task_WriteDoctorsReport"}
    mine = {**report, "assigneeExpression": "${currentUser()}"}
    return [
        Filter("My reports", "doctors", mine),
        of("Reports by priority", "doctors", **report),
        of("Patients to call", "doctors", taskDefinitionKey="Task_CallPatient"),
        of("Visits by priority", "medical-team", taskDefinitionKey="Task_VisitPatient"),
        of("Calls to make", "contact-tracers", followUpBeforeOrNotExistentExpression="${now()}"),
    ]
