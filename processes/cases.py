"""Cases in the engine: start, find, reopen and delete them, and list their open tasks."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from camunda7.engine import NotFound
from camunda7.names import form_key
from camunda7.variables import ENGINE_TIME, to_python
from processes.elements import CallActivity, IntermediateCatchEvent, Message, Process, SubProcess, UserTask
from processes.engine import Engine
from processes.variables import VARIABLES, VOIDED_BY_CORRECTION

# processes that corona_care calls
CALLED = (
    Process.TAKE_SAMPLE,
    Process.TEST_SAMPLE,
    Process.TRACE_CONTACTS,
    Process.WATCH_AT_HOME,
    Process.CALL_PATIENT,
)
# of a variable that several processes have, the value of the last one in this order is current: tracing copies the
# case's variables at its start, and the processes of a sample have newer values
PRECEDENCE = (
    Process.TRACE_CONTACTS,
    Process.CALL_PATIENT,
    Process.CORONA_CARE,
    Process.WATCH_AT_HOME,
    Process.TAKE_SAMPLE,
    Process.TEST_SAMPLE,
)

# steps that wait for the message of a withdrawal
WITHDRAWN_BY_MESSAGE = {
    UserTask.FILL_IN_MEDICAL_FORM,
    CallActivity.TAKE_SAMPLE,
    CallActivity.TEST_SAMPLE,
    SubProcess.REPORT,
}

# steps of a case of which only the watch at home is left
RESTING = {SubProcess.WATCH, CallActivity.WATCH_AT_HOME, IntermediateCatchEvent.REPORT_HOUR, UserTask.DAILY_REPORT}

# of cases, maximum of one query
BATCH = 100

# without letters and digits that look alike
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class OpenTask:
    """An open user task with a form."""

    id: str
    form: str
    definition_id: str
    case_reference: str = ""


@dataclass(frozen=True)
class Case:
    """State of a running or ended case; of a reopened case the state of its newest instance.

    Attributes:
        instance_id: of the newest instance of corona_care.
        called: ids of the running instances of the processes that it calls.
        values: process variables by name, of the case and of the running processes that it calls.
        ended_at: None while the case runs.
        started_at: of the newest instance.
    """

    reference: str
    instance_id: str
    values: dict[str, Any]
    ended_at: datetime | None
    called: tuple[str, ...] = ()
    started_at: datetime | None = None


def new_reference() -> str:
    """Generate a case reference: random, no credential, may be logged."""
    return "C-" + "".join(secrets.choice(ALPHABET) for _ in range(12))


def find_references(engine: Engine, instance_ids: Iterable[str | None]) -> dict[str | None, str]:
    """Return the case references of running and ended process instances, by instance id; None has no reference."""
    wanted = sorted({each for each in instance_ids if each})
    rows = engine.post("/history/process-instance", {"processInstanceIds": wanted}) if wanted else []
    return {row["id"]: row["businessKey"] for row in rows if row["businessKey"]}


def start_case(
    engine: Engine,
    case_reference: str,
    answers: dict[str, Any],
    policy: dict[str, Any],
    exposed_to: str | None = None,
    language: str | None = None,
    emergency_signs_only: bool = False,
) -> None:
    """Start a case; idempotent by its reference.

    Args:
        answers: the fields of the form pre_screening.
        policy: the `policy` settings, of which the case stores a copy.
        exposed_to: valid token of the link by which the patient came as a notified contact.
        language: the patient's.
        emergency_signs_only: the answers are those of the form's first page, and have an emergency sign.
    """
    values = initial_values(answers, policy, exposed_to, language)
    if emergency_signs_only:
        engine.correlate(Message.EMERGENCY_SIGNS_REPORTED, case_reference, values, key=case_reference)
    else:
        engine.start(Process.CORONA_CARE, case_reference, values, key=case_reference)


def initial_values(
    answers: dict[str, Any], policy: dict[str, Any], exposed_to: str | None = None, language: str | None = None
) -> dict[str, Any]:
    """Return the process variables with which a case starts; arguments as of start_case()."""
    return {
        **answers,
        "policy": policy,
        "exposed": exposed_to is not None or answers.get("recent_exposure") == "yes",
        "exposed_to": exposed_to,
        "language": language,
        "contacts_traced": False,
        "withdrawn": False,
        "sample_number": 0,
        "result_number": 0,
        "correction_number": 0,
        "results_so_far": None,
        "case_outcome": None,
    }


def reopen_case(engine: Engine, case: Case, result: dict[str, Any]) -> None:
    """Start a new instance of an ended case for a corrected result, with the variables of its history.

    The caller must hold the lease on reopening the case, and have checked that no instance of it runs.

    Args:
        result: the variables that the corrected result sets.
    """
    still_valid = case.values.keys() & VARIABLES.keys() - VOIDED_BY_CORRECTION
    kept = {name: case.values[name] for name in still_valid}
    if kept.get("results_so_far"):
        kept["results_so_far"] = _correct_sample(kept["results_so_far"], result)
    values = {
        **kept,
        **result,
        "correction_number": case.values["correction_number"] + 1,
        # False if the correction interrupted the tracing, so that it starts again
        "contacts_traced": case.values.get("contacts_notified_at") is not None,
    }
    key = f"{case.reference}/{result['lab_result_id']}"
    engine.correlate(Message.CLOSED_CASE_CORRECTED, case.reference, values, key=key)


def _correct_sample(results_so_far: str, result: dict[str, Any]) -> str:
    """Replace the result of the corrected sample in the variable results_so_far."""
    entry = rf"(, {re.escape(result['lab_result_barcode'])}, taken [^;]*: )[^;:]*;"
    return re.sub(entry, rf"\g<1>{result['lab_result']};", results_so_far)


def find_case(engine: Engine, case_reference: str) -> Case | None:
    """Return the running or ended case with this reference, or None."""
    found = engine.post("/history/process-instance", {"processInstanceBusinessKey": case_reference})
    instances = [instance for instance in found if instance["processDefinitionKey"] == Process.CORONA_CARE]
    if not instances:
        return None
    newest = max(instances, key=lambda instance: instance["startTime"])
    called = [
        instance["id"]
        for instance in found
        if instance["state"] == "ACTIVE" and instance["processDefinitionKey"] in CALLED
    ]
    keys = {instance["id"]: instance["processDefinitionKey"] for instance in found}
    rows = _read_variables(engine, newest, called)
    rows.sort(key=lambda row: PRECEDENCE.index(keys[row["processInstanceId"]]))
    return Case(
        reference=case_reference,
        instance_id=newest["id"],
        values={row["name"]: to_python(row["type"], row["value"]) for row in rows},
        started_at=datetime.strptime(newest["startTime"], ENGINE_TIME),
        ended_at=newest["endTime"] and datetime.strptime(newest["endTime"], ENGINE_TIME),
        called=tuple(called),
    )


def list_starts(engine: Engine, case_reference: str) -> list[datetime]:
    """Return when the instances of a case started, in order; each correction has started another one."""
    query = {"processInstanceBusinessKey": case_reference, "processDefinitionKey": Process.CORONA_CARE}
    found = engine.post("/history/process-instance", query)
    return sorted(datetime.strptime(instance["startTime"], ENGINE_TIME) for instance in found)


def _read_variables(engine: Engine, newest: dict[str, Any], called: list[str]) -> list[dict[str, Any]]:
    """Return the variables of a running case and its called processes, or of an ended one.

    The history has no variables of called processes (CaseHistory.java), and the runtime none of ended cases. While a
    case ends, the values of its JSON variables may be missing: the engine reads them after the variables.
    """
    body = {"processInstanceIdIn": [newest["id"], *called]}
    rows = []
    if newest["endTime"] is None:
        rows = engine.post("/variable-instance?deserializeValues=false", body)
    if not rows or any(row["type"] == "Json" and row["value"] is None for row in rows):
        rows = engine.post("/history/variable-instance?deserializeValues=false", body)
    # without variables of inner scopes, such as loopCounter of a multi-instance activity
    return [row for row in rows if row["activityInstanceId"] == row["processInstanceId"]]


def is_completed(engine: Engine, case: Case) -> bool:
    """Whether nothing is left of a case, or only its watch at home, in which the patient is resting or reports."""
    if case.ended_at is not None:
        return True
    try:
        running = engine.get(f"/process-instance/{case.instance_id}/activity-instances")
    except NotFound:
        return True
    # transition instances are asynchronous continuations: between two steps, a case is at none of them
    left = {each["activityId"] for kind in ("Activity", "Transition") for each in running[f"child{kind}Instances"]}
    return left <= {SubProcess.WATCH} and current_steps(engine, case) <= RESTING


def withdraw_case(engine: Engine, case: Case, steps: set[str]) -> None:
    """Withdraw a case from care; ends its watch at home, which waits for the variable.

    Args:
        steps: ids of the case's active elements.

    Raises:
        EngineRefused: with status 400: no step waits for a withdrawal any more.
    """
    if SubProcess.WATCH in steps and not steps & WITHDRAWN_BY_MESSAGE:
        modifications = VARIABLES.to_engine({"withdrawn": True})
        engine.post(f"/process-instance/{case.instance_id}/variables", {"modifications": modifications})
    else:
        engine.correlate(Message.CASE_WITHDRAWN, case.reference, {"withdrawn": True})


def is_running(engine: Engine, case_reference: str) -> bool:
    """Whether an instance of the case runs: the case, a process that it calls, or a call to its patient."""
    query = {"processInstanceBusinessKey": case_reference, "unfinished": True}
    return engine.post("/history/process-instance/count", query)["count"] > 0


def delete_case(engine: Engine, case_reference: str) -> None:
    """Delete the history of an ended case, including its variables."""
    for instance in engine.post("/history/process-instance", {"processInstanceBusinessKey": case_reference}):
        with contextlib.suppress(NotFound):
            engine.delete(f"/history/process-instance/{instance['id']}")


def inbox_key(item_id: int) -> str:
    """Return the business key of the task for an item of the laboratory's inbox."""
    return f"L-{item_id}"


def delete_inbox_tasks(engine: Engine, case_reference: str) -> None:
    """End the tasks for inbox items of a case, and delete their history."""
    belongs = {"name": "inbox_case", "operator": "eq", "value": case_reference}
    for instance in engine.post("/history/process-instance", {"variables": [belongs]}):
        if instance["endTime"] is None:
            engine.correlate(Message.INBOX_ITEM_CLOSED, instance["businessKey"], {})
        with contextlib.suppress(NotFound):
            engine.delete(f"/history/process-instance/{instance['id']}")


def delete_cases(engine: Engine, case_references: Sequence[str]) -> int:
    """Delete running and ended cases with their history; returns the number of their process instances."""
    deleted = 0
    for start in range(0, len(case_references), BATCH):
        query = {"processInstanceBusinessKeyIn": case_references[start : start + BATCH]}
        for instance in engine.post("/history/process-instance", query):
            for path in ("/process-instance", "/history/process-instance"):
                # an ended one runs no longer, and one that another called was deleted with it
                with contextlib.suppress(NotFound):
                    engine.delete(f"{path}/{instance['id']}")
            deleted += 1
    return deleted


def set_language(engine: Engine, case_reference: str, language: str) -> None:
    """Set the language of a case's messages, also in the processes that it calls."""
    query = {"businessKey": case_reference, "processDefinitionKeyIn": [Process.CORONA_CARE, *CALLED]}
    for instance in engine.post("/process-instance", query):
        engine.post(
            f"/process-instance/{instance['id']}/variables",
            {"modifications": VARIABLES.to_engine({"language": language})},
        )


def open_tasks(engine: Engine, case_reference: str) -> list[OpenTask]:
    """Return the open user tasks of a case, also those of the processes that it calls."""
    query = {"processInstanceBusinessKey": case_reference, "processDefinitionKeyIn": [Process.CORONA_CARE, *CALLED]}
    tasks = engine.post("/task", query)
    return [
        OpenTask(
            id=task["id"],
            form=form,
            definition_id=task["processDefinitionId"],
            case_reference=case_reference,
        )
        for task in tasks
        if (form := form_key(task))
    ]


def current_steps(engine: Engine, case: Case) -> set[str]:
    """Return the ids of a case's active elements, also in the processes that it calls."""
    queries = [{"processInstanceId": instance, "unfinished": True} for instance in (case.instance_id, *case.called)]
    return {row["activityId"] for query in queries for row in engine.post("/history/activity-instance", query)}
