"""A case, as the rest of the platform sees it: start one, find one, fill in its forms."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from camunda7.engine import NotFound
from camunda7.variables import ENGINE_TIME, plain
from processes.elements import Message, Process
from processes.engine import Engine
from processes.variables import VARIABLES, VOIDED_BY_CORRECTION

CALLED = (Process.TAKE_SAMPLE, Process.TEST_SAMPLE, Process.TRACE_CONTACTS)
KNOWS_BETTER = (Process.TRACE_CONTACTS, Process.CORONA_CARE, Process.TAKE_SAMPLE, Process.TEST_SAMPLE)

# no letter or digit that is easily taken for another
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class OpenTask:
    """A user task that waits for somebody: the form to fill in, and the engine's ids for it."""

    id: str
    form: str
    definition_id: str
    case_reference: str = ""


@dataclass(frozen=True)
class Case:
    """A case as it stands, or as it ended; after a corrected result, as it went on from there.

    Attributes:
        instance_id: of the newest instance of corona_care.
        called: the instances of the processes that it calls just now.
        values: the process variables by name, of the case and of the processes that it calls just now.
        ended_at: None while it runs.
        started_at: of the newest instance.
    """

    reference: str
    instance_id: str
    values: dict[str, Any]
    ended_at: datetime | None
    called: tuple[str, ...] = ()
    started_at: datetime | None = None


def new_reference() -> str:
    """A fresh case reference: opaque, opens nothing, may be logged."""
    return "C-" + "".join(secrets.choice(ALPHABET) for _ in range(12))


def start_case(
    engine: Engine,
    case_reference: str,
    answers: dict[str, Any],
    policy: dict[str, Any],
    exposed_to: str | None = None,
    language: str | None = None,
    emergency_signs_only: bool = False,
) -> None:
    """Start the case with this reference, once: a second call does nothing.

    Args:
        answers: the fields of the form pre_screening.
        policy: the durations and limits that this case goes by.
        exposed_to: the valid token of the notified contact by which the patient came.
        language: the one that the patient reads.
        emergency_signs_only: the answers are those of the form's first page, and call for nothing else.
    """
    exposed = exposed_to is not None or answers.get("recent_exposure") == "yes"
    values = {
        **answers,
        "policy": policy,
        "exposed": exposed,
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
    if emergency_signs_only:
        engine.correlate(Message.EMERGENCY_SIGNS_REPORTED, case_reference, values, key=case_reference)
    else:
        engine.start(Process.CORONA_CARE, case_reference, values, key=case_reference)


def reopen_case(engine: Engine, case: Case, result: dict[str, Any]) -> None:
    """Let an ended case go on from a corrected result: its variables are those of its history.

    The caller makes sure that no instance of the case runs, and that nobody else reopens it now.

    Args:
        result: the variables that the result sets.
    """
    still_valid = case.values.keys() & VARIABLES.keys() - VOIDED_BY_CORRECTION
    values = {
        **{name: case.values[name] for name in still_valid},
        **result,
        "correction_number": case.values["correction_number"] + 1,
        # a tracing that the correction has cut off begins again
        "contacts_traced": case.values.get("contacts_notified_at") is not None,
    }
    key = f"{case.reference}/{result['lab_result_id']}"
    engine.correlate(Message.CLOSED_CASE_CORRECTED, case.reference, values, key=key)


def find_case(engine: Engine, case_reference: str) -> Case | None:
    """The case with this reference, running or ended, or None."""
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
    rows = engine.post(
        "/history/variable-instance?deserializeValues=false", {"processInstanceIdIn": [newest["id"], *called]}
    )
    # a variable of an inner scope is the engine's own affair
    rows = [row for row in rows if row["activityInstanceId"] == row["processInstanceId"]]
    # later ones count: tracing began with what the case knew then, a sample's process knows what is newer
    rows.sort(key=lambda row: KNOWS_BETTER.index(row["processDefinitionKey"]))
    return Case(
        reference=case_reference,
        instance_id=newest["id"],
        values={row["name"]: plain(row["type"], row["value"]) for row in rows},
        started_at=datetime.strptime(newest["startTime"], ENGINE_TIME),
        ended_at=newest["endTime"] and datetime.strptime(newest["endTime"], ENGINE_TIME),
        called=tuple(called),
    )


def is_running(engine: Engine, case_reference: str) -> bool:
    """Whether anything of the case goes on: the case, a process that it calls, a call to its patient."""
    query = {"processInstanceBusinessKey": case_reference, "unfinished": True}
    return engine.post("/history/process-instance/count", query)["count"] > 0


def forget_case(engine: Engine, case_reference: str) -> None:
    """Delete the history of a case that has ended, with all that it knew."""
    for instance in engine.post("/history/process-instance", {"processInstanceBusinessKey": case_reference}):
        with contextlib.suppress(NotFound):
            engine.delete(f"/history/process-instance/{instance['id']}")


def choose_language(engine: Engine, case_reference: str, language: str) -> None:
    """From now on the case speaks this language to its patient, the processes that it calls too."""
    query = {"businessKey": case_reference, "processDefinitionKeyIn": [Process.CORONA_CARE, *CALLED]}
    for instance in engine.post("/process-instance", query):
        engine.post(
            f"/process-instance/{instance['id']}/variables",
            {"modifications": VARIABLES.to_engine({"language": language})},
        )


def open_tasks(engine: Engine, case_reference: str) -> list[OpenTask]:
    """The user tasks that are open in the case, those of its tracing too."""
    query = {"processInstanceBusinessKey": case_reference, "processDefinitionKeyIn": [Process.CORONA_CARE, *CALLED]}
    found = engine.post("/task", query)
    return [
        OpenTask(
            id=task["id"],
            form=task["camundaFormRef"]["key"],
            definition_id=task["processDefinitionId"],
            case_reference=case_reference,
        )
        for task in found
        if task.get("camundaFormRef")
    ]


def current_steps(engine: Engine, case: Case) -> set[str]:
    """Ids of the diagrams' elements at which the running case stands, in the processes that it calls too."""
    queries = [{"processInstanceId": instance, "unfinished": True} for instance in (case.instance_id, *case.called)]
    return {row["activityId"] for query in queries for row in engine.post("/history/activity-instance", query)}
