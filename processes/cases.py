"""A case, as the rest of the platform sees it: start one, find one, fill in its forms."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from processes.engine import Engine
from processes.variables import ENGINE_TIME, plain

CORONA_CARE = "corona_care"

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
    """A case as it stands, or as it ended.

    Attributes:
        values: the process variables by name, of the case and of the tracing that it called.
        ended_at: None while it runs.
    """

    reference: str
    instance_id: str
    values: dict[str, Any]
    ended_at: datetime | None


def new_reference() -> str:
    """A fresh case reference: opaque, opens nothing, may be logged."""
    return "C-" + "".join(secrets.choice(ALPHABET) for _ in range(12))


def start_case(
    engine: Engine,
    case_reference: str,
    answers: dict[str, Any],
    policy: dict[str, Any],
    exposed_to: str | None = None,
) -> None:
    """Start the case with this reference, once: a second call finds it running and does nothing.

    Args:
        answers: the fields of the form pre_screening.
        policy: the durations and limits that this case goes by.
        exposed_to: the valid token of the notified contact by which the patient came.
    """
    if engine.post("/history/process-instance/count", _instances(case_reference))["count"]:
        return
    exposed = exposed_to is not None or answers.get("recent_exposure") == "yes"
    values = {
        **answers,
        "policy": policy,
        "exposed": exposed,
        "exposed_to": exposed_to,
        "contacts_traced": False,
        "sample_number": 1,
    }
    engine.start(CORONA_CARE, case_reference, values)


def find_case(engine: Engine, case_reference: str) -> Case | None:
    """The case with this reference, running or ended, or None."""
    found = engine.post("/history/process-instance", _instances(case_reference))
    if not found:
        return None
    instance = found[0]
    rows = engine.post("/history/variable-instance?deserializeValues=false", {"processInstanceIdIn": [instance["id"]]})
    # a variable of an inner scope is the engine's own affair
    values = {
        row["name"]: plain(row["type"], row["value"]) for row in rows if row["activityInstanceId"] == instance["id"]
    }
    return Case(
        reference=case_reference,
        instance_id=instance["id"],
        values=values,
        ended_at=instance["endTime"] and datetime.strptime(instance["endTime"], ENGINE_TIME),
    )


def open_tasks(engine: Engine, case_reference: str) -> list[OpenTask]:
    """The user tasks that are open in the case, those of its tracing too."""
    found = engine.post("/task", {"processInstanceBusinessKey": case_reference})
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
    """Ids of the diagram's elements at which the running case stands."""
    query = {"processInstanceId": case.instance_id, "unfinished": True}
    return {activity["activityId"] for activity in engine.post("/history/activity-instance", query)}


def _instances(case_reference: str) -> dict[str, Any]:
    return {"processInstanceBusinessKey": case_reference, "processDefinitionKey": CORONA_CARE}
