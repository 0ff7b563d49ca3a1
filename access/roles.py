"""Authorizations and Tasklist filters of each role, by the principle of least privilege."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from camunda7.names import ADMINISTRATORS
from processes.elements import Decision, Process, UserTask

# numbers of the engine's resource types
APPLICATION, USER, GROUP, MEMBERSHIP, AUTHORIZATION, FILTER, PROCESS_DEFINITION, TASK = range(8)
PROCESS_INSTANCE, DEPLOYMENT, DECISION_DEFINITION, BATCH = 8, 9, 10, 13
# permissions of web application and workers on cases; UPDATE_INSTANCE covers both messages and changes of variables, so
# engine/src/main/resources/application.yaml also lists the REST calls that each of them may make
ON_CASES = (
    "READ",
    "READ_INSTANCE",
    "READ_INSTANCE_VARIABLE",
    "UPDATE_INSTANCE",
    "READ_HISTORY",
    "READ_HISTORY_VARIABLE",
    "READ_TASK",
)


STARTED_BY_WORKERS = (Process.CORONA_CARE, Process.TELL_BY_TELEPHONE, Process.CHECK_LAB_RESULT)


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
    """A list of tasks in Tasklist, for a group.

    Attributes:
        card: process variables that a task's card shows, each with its label.
        is_urgent: shown in red.
    """

    name: str
    group: str
    query: dict[str, Any]
    card: dict[str, str]
    is_urgent: bool = False


def list_grants() -> Iterable[Grant]:
    """Yield the authorizations of groups and technical accounts."""
    for group in ("doctors", "medical-team", "contact-tracers", "laboratory"):
        yield Grant(APPLICATION, "tasklist", ("ACCESS",), group=group)
        for process in Process:
            yield Grant(PROCESS_DEFINITION, process, ("READ",), group=group)
    yield Grant(APPLICATION, "cockpit", ("ACCESS",), group="process-managers")
    yield Grant(
        PROCESS_DEFINITION,
        "*",
        ("READ", "READ_INSTANCE", "READ_HISTORY", "READ_TASK", "RETRY_JOB"),
        group="process-managers",
    )
    # not its history, which has the patients' answers
    yield Grant(DECISION_DEFINITION, "*", ("READ",), group="process-managers")
    yield Grant(DEPLOYMENT, "*", ("READ",), group="process-managers")
    yield from _for_webapp()
    yield from _for_workers()
    yield from _for_deployer()


def _for_webapp() -> Iterable[Grant]:
    """Yield grants to start cases, complete patients' tasks, correlate their messages, and retry incidents."""
    yield Grant(PROCESS_INSTANCE, "*", ("CREATE",), user="webapp")
    # its pages only show the diagram
    yield Grant(PROCESS_DEFINITION, Process.CHECK_LAB_RESULT, ("READ",), user="webapp")
    for process in (each for each in Process if each is not Process.CHECK_LAB_RESULT):
        start = ("CREATE_INSTANCE",) if process is Process.CORONA_CARE else ()
        yield Grant(PROCESS_DEFINITION, process, (*ON_CASES, "TASK_WORK", *start), user="webapp")
    yield Grant(DEPLOYMENT, "*", ("READ",), user="webapp")
    # evaluated for a sign that a patient reports; by key the engine finds only decisions that may be read
    yield Grant(DECISION_DEFINITION, Decision.MAJOR_SEVERITY, ("READ", "CREATE_INSTANCE"), user="webapp")
    # to check at each request that an account is still in the managers' group
    yield Grant(GROUP, "*", ("READ",), user="webapp")


def _for_workers() -> Iterable[Grant]:
    """Yield grants to handle external tasks, deliver results, raise priorities, start calls, reopen and erase cases."""
    yield Grant(PROCESS_INSTANCE, "*", ("CREATE",), user="workers")
    for process in Process:
        start = ("CREATE_INSTANCE",) if process in STARTED_BY_WORKERS else ()
        yield Grant(PROCESS_DEFINITION, process, (*ON_CASES, "UPDATE_TASK", "DELETE_HISTORY", *start), user="workers")


def _for_deployer() -> Iterable[Grant]:
    """Yield grants to deploy, migrate, provision and delete erased cases.

    It can grant itself more, so it is for deployments only.
    """
    definitions = (
        "READ",
        "UPDATE",
        "READ_INSTANCE",
        "MIGRATE_INSTANCE",
        "READ_TASK",
        "UPDATE_TASK",
        # erased cases that a restored database has again
        "READ_HISTORY",
        "DELETE_INSTANCE",
        "DELETE_HISTORY",
    )
    yield Grant(DEPLOYMENT, "*", ("READ", "CREATE"), user="deployer")
    yield Grant(PROCESS_DEFINITION, "*", definitions, user="deployer")
    yield Grant(DECISION_DEFINITION, "*", ("READ", "UPDATE"), user="deployer")
    yield Grant(BATCH, "*", ("READ", "CREATE", "DELETE"), user="deployer")
    for resource in (USER, GROUP, MEMBERSHIP, AUTHORIZATION, FILTER):
        yield Grant(resource, "*", ("ALL",), user="deployer")


# tasks of doctors after a failed decision
BY_HAND = [UserTask.ASSESS_BY_HAND, UserTask.SET_PRIORITY_BY_HAND]
# tasks of the medical team in the watch at home
WATCH = [UserTask.CALL_WATCHED_PATIENT, UserTask.VISIT_SILENT_PATIENT]
MOST_URGENT = [{"sortBy": "priority", "sortOrder": "desc"}, {"sortBy": "dueDate", "sortOrder": "asc"}]
SOONEST = [{"sortBy": "dueDate", "sortOrder": "asc"}, {"sortBy": "priority", "sortOrder": "desc"}]
OLDEST = [{"sortBy": "created", "sortOrder": "asc"}]
# labels of the variables on cards, which TaskFacts.java sets
ALERT = {"card_alert": "Now"}
PERSON = {"card_patient": "Patient", "card_phone": "Telephone", "card_language": "Language"}
URGENCY = {"card_priority": "Priority"}
REPORT = {**ALERT, "card_patient": "Patient", "card_result": "Result", "card_assessment": "Pre-screening", **URGENCY}
CASE = {"card_case": "Case"}
VISIT = {
    **ALERT,
    "card_visit": "Visit",
    "card_address": "Address",
    "card_patient": "Patient",
    "card_phone": "Telephone",
    **URGENCY,
}
AT_HOME = {**ALERT, **PERSON, "card_address": "Address"}
CALL = {
    **ALERT,
    **PERSON,
    "card_call": "Calls before",
    "card_contact": "Contact",
    "card_contact_phone": "Telephone",
    "card_contact_language": "Language",
    "card_quarantine": "Quarantine until",
}


def list_filters() -> list[Filter]:
    """Return Tasklist's filters in their order.

    Tasklist opens the first one, and counts the tasks of the open one only: each role's first has all of its work.
    """

    def for_group(name: str, group: str, card: dict[str, str], order: list[dict[str, str]], **more: Any) -> Filter:
        query = {"candidateGroup": group, "includeAssignedTasks": True, **more, "sorting": order}
        return Filter(name, group, query, card)

    def for_doctors(name: str, card: dict[str, str], **more: Any) -> Filter:
        return for_group(name, "doctors", card, MOST_URGENT, **more)

    report = {"taskDefinitionKey": UserTask.WRITE_DOCTORS_REPORT}
    mine = {"assigneeExpression": "${currentUser()}", "sorting": MOST_URGENT}
    free = {"candidateGroup": "doctors", "unassigned": True, **report, "sorting": MOST_URGENT}
    today = {"dueBeforeExpression": "${calendar.endOfToday()}"}
    anything = {**REPORT, **PERSON, **CASE}
    call = for_doctors("Patients to call", {**ALERT, **PERSON}, taskDefinitionKey=UserTask.CALL_PATIENT)
    return [
        for_doctors("All to do", anything),
        replace(call, is_urgent=True),
        Filter("My tasks", "doctors", mine, anything),
        Filter("Unclaimed reports by priority", "doctors", free, REPORT),
        for_doctors("Overdue reports", REPORT, **report, dueBeforeExpression="${now()}"),
        for_doctors("Patients to assess", {**PERSON, **CASE, **URGENCY}, taskDefinitionKeyIn=BY_HAND),
        for_group("All visits", "medical-team", VISIT, SOONEST),
        for_group("Visits today", "medical-team", VISIT, SOONEST, **today),
        for_group("Patients at home", "medical-team", AT_HOME, SOONEST, taskDefinitionKeyIn=WATCH),
        for_group(
            "Calls to make", "contact-tracers", CALL, MOST_URGENT, followUpBeforeOrNotExistentExpression="${now()}"
        ),
        for_group("Calls for later", "contact-tracers", CALL, MOST_URGENT, followUpAfterExpression="${now()}"),
        for_group("Results to check", "laboratory", {}, OLDEST),
        Filter("All tasks", ADMINISTRATORS, {}, {}),
    ]
