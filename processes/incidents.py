"""Incidents: external tasks and jobs without retries left, until someone retries them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from camunda7.engine import NotFound
from camunda7.variables import ENGINE_TIME, engine_time
from processes.engine import Engine

TASK, JOB = "failedExternalTask", "failedJob"
RETRIES = 3
MAX_INCIDENTS = 1000


@dataclass(frozen=True)
class Incident:
    """One incident.

    Attributes:
        kind: TASK or JOB.
        id: of the external task or job.
        topic: of the external task; None for a job.
        element: id of the step in the diagram; None for a job of the engine's own, such as its clean-up.
        definition_id: of the deployed version of the process; None for such a job, as is instance_id.
        message: error message of the worker, without patients' data. None for a job: the engine's message may have
            some.
    """

    kind: str
    id: str
    topic: str | None
    element: str | None
    definition_id: str | None
    case_reference: str | None
    instance_id: str | None
    since: datetime
    message: str | None


@dataclass(frozen=True)
class ResolvedIncident:
    """An incident that was retried, or whose case went on or ended without it.

    Attributes:
        id: of the external task or job.
        element: as that of Incident, like definition_id and instance_id.
    """

    id: str
    element: str | None
    definition_id: str | None
    instance_id: str | None
    at: datetime


def list_incidents(engine: Engine) -> list[Incident]:
    """Return the open incidents, the oldest first, at most MAX_INCIDENTS."""
    tasks = {task["id"]: task for task in engine.get("/external-task", noRetriesLeft=True)}
    found = engine.get("/incident", sortBy="incidentTimestamp", sortOrder="asc", maxResults=MAX_INCIDENTS)
    # the engine propagates an incident to the calling processes
    rows = [row for row in found if row["id"] == row["causeIncidentId"]]
    return [*_task_incidents(rows, tasks), *_job_incidents(rows)]


def count_incidents(engine: Engine) -> Counter[str]:
    """Count open incidents by id of the step; one in a called process counts at the calling step, too."""
    rows = engine.get("/incident", maxResults=MAX_INCIDENTS)
    return Counter(row["failedActivityId"] or row["activityId"] for row in rows)


def list_resolved_incidents(engine: Engine, since: datetime, limit: int) -> list[ResolvedIncident]:
    """Return the last resolution of each external task or job that had an incident, the latest first.

    Args:
        since: earlier resolutions are ignored.
        limit: maximum number of resolutions to read.
    """
    query = {"resolved": True, "endTimeAfter": engine_time(since), "sortBy": "endTime", "sortOrder": "desc"}
    rows = engine.get("/history/incident", **query, maxResults=limit)
    latest = {row["configuration"]: row for row in reversed(rows) if row["id"] == row["causeIncidentId"]}
    found = [
        ResolvedIncident(
            task_or_job,
            row["failedActivityId"] or row["activityId"],
            row["processDefinitionId"],
            row["processInstanceId"],
            datetime.strptime(row["endTime"], ENGINE_TIME),
        )
        for task_or_job, row in latest.items()
    ]
    return sorted(found, key=lambda each: each.at, reverse=True)


def retry_topic(engine: Engine, topic: str) -> int:
    """Retry all failed tasks of a topic; returns their number."""
    query = {"topicName": topic, "noRetriesLeft": True}
    ids = [task["id"] for task in engine.get("/external-task", **query)]
    return sum(retry_task(engine, task_id) for task_id in ids)


def retry_task(engine: Engine, task_id: str) -> bool:
    """Retry a failed task; returns False if it no longer exists."""
    return _set_retries(engine, f"/external-task/{task_id}/retries")


def retry_job(engine: Engine, job_id: str) -> bool:
    """Retry a failed job; returns False if it no longer exists."""
    return _set_retries(engine, f"/job/{job_id}/retries")


def _task_incidents(rows: Iterable[dict[str, Any]], tasks: dict[str, dict[str, Any]]) -> Iterable[Incident]:
    for row in rows:
        task = tasks.get(row["configuration"])
        if row["incidentType"] == TASK and task is not None:
            yield Incident(
                kind=TASK,
                id=task["id"],
                topic=task["topicName"],
                element=task["activityId"],
                definition_id=task["processDefinitionId"],
                case_reference=task["businessKey"],
                instance_id=task["processInstanceId"],
                since=datetime.strptime(row["incidentTimestamp"], ENGINE_TIME),
                message=task["errorMessage"],
            )


def _job_incidents(rows: Iterable[dict[str, Any]]) -> Iterable[Incident]:
    for row in rows:
        if row["incidentType"] == JOB:
            yield Incident(
                kind=JOB,
                id=row["configuration"],
                topic=None,
                element=row["failedActivityId"] or row["activityId"],
                definition_id=row["processDefinitionId"],
                case_reference=None,
                instance_id=row["processInstanceId"],
                since=datetime.strptime(row["incidentTimestamp"], ENGINE_TIME),
                message=None,
            )


def _set_retries(engine: Engine, path: str) -> bool:
    try:
        engine.put(path, {"retries": RETRIES})
    except NotFound:
        return False
    return True
