"""Incidents: external tasks and jobs without retries left, until someone retries them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from camunda7.engine import NotFound
from camunda7.variables import ENGINE_TIME
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
        step: topic of the external task, or element id of the job.
        message: error message of the worker, without patients' data. None for a job: the engine's message may have
            some.
    """

    kind: str
    id: str
    step: str
    case_reference: str | None
    instance_id: str
    since: datetime
    message: str | None


def list_incidents(engine: Engine) -> list[Incident]:
    """Return the open incidents, the oldest first, at most MAX_INCIDENTS."""
    tasks = {task["id"]: task for task in engine.get("/external-task", noRetriesLeft=True)}
    found = engine.get("/incident", sortBy="incidentTimestamp", sortOrder="asc", maxResults=MAX_INCIDENTS)
    # the engine propagates an incident to the calling processes
    rows = [row for row in found if row["id"] == row["causeIncidentId"]]
    return [*_task_incidents(rows, tasks), *_job_incidents(rows)]


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
            since = datetime.strptime(row["incidentTimestamp"], ENGINE_TIME)
            message = task["errorMessage"]
            yield Incident(
                TASK, task["id"], task["topicName"], task["businessKey"], task["processInstanceId"], since, message
            )


def _job_incidents(rows: Iterable[dict[str, Any]]) -> Iterable[Incident]:
    for row in rows:
        if row["incidentType"] == JOB:
            since = datetime.strptime(row["incidentTimestamp"], ENGINE_TIME)
            step = row["failedActivityId"] or row["activityId"]
            yield Incident(JOB, row["configuration"], step, None, row["processInstanceId"], since, None)


def _set_retries(engine: Engine, path: str) -> bool:
    try:
        engine.put(path, {"retries": RETRIES})
    except NotFound:
        return False
    return True
