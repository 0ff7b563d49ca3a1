"""Steps that stand still: an incident is where all deliveries of a task or a job have failed, until it is retried."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from camunda7.engine import NotFound
from camunda7.variables import ENGINE_TIME
from processes.engine import Engine

TASK, JOB = "failedExternalTask", "failedJob"
# so many deliveries more
RETRIES = 3
MOST = 1000


@dataclass(frozen=True)
class Incident:
    """One step that stands still.

    Attributes:
        kind: TASK or JOB.
        id: of the external task, or of the job.
        what: the topic of the task; the step, of a job.
        said: why; the workers write no patient's data into it. None for a job: its text is the engine's own.
    """

    kind: str
    id: str
    what: str
    case_reference: str | None
    instance_id: str
    since: datetime
    said: str | None


def incidents(engine: Engine) -> list[Incident]:
    """What stands still now, the oldest first, at most MOST."""
    tasks = {task["id"]: task for task in engine.get("/external-task", noRetriesLeft=True)}
    found = engine.get("/incident", sortBy="incidentTimestamp", sortOrder="asc", maxResults=MOST)
    # the processes that called a broken one have the same incident
    rows = [row for row in found if row["id"] == row["causeIncidentId"]]
    return [*_of_tasks(rows, tasks), *_of_jobs(rows)]


def retry_topic(engine: Engine, topic: str) -> int:
    """Have all tasks of a topic that stand still delivered again; returns how many they were."""
    query = {"topicName": topic, "noRetriesLeft": True}
    ids = [task["id"] for task in engine.get("/external-task", **query)]
    return sum(retry_task(engine, task_id) for task_id in ids)


def retry_task(engine: Engine, task_id: str) -> bool:
    """Have a task delivered again; returns False when it is gone."""
    return _put(engine, f"/external-task/{task_id}/retries")


def retry_job(engine: Engine, job_id: str) -> bool:
    """Have a job executed again; returns False when it is gone."""
    return _put(engine, f"/job/{job_id}/retries")


def _of_tasks(rows: Iterable[dict[str, Any]], tasks: dict[str, dict[str, Any]]) -> Iterable[Incident]:
    for row in rows:
        task = tasks.get(row["configuration"])
        if row["incidentType"] == TASK and task is not None:
            since = datetime.strptime(row["incidentTimestamp"], ENGINE_TIME)
            said = task["errorMessage"]
            yield Incident(
                TASK, task["id"], task["topicName"], task["businessKey"], task["processInstanceId"], since, said
            )


def _of_jobs(rows: Iterable[dict[str, Any]]) -> Iterable[Incident]:
    for row in rows:
        if row["incidentType"] == JOB:
            since = datetime.strptime(row["incidentTimestamp"], ENGINE_TIME)
            step = row["failedActivityId"] or row["activityId"]
            yield Incident(JOB, row["configuration"], step, None, row["processInstanceId"], since, None)


def _put(engine: Engine, path: str) -> bool:
    try:
        engine.put(path, {"retries": RETRIES})
    except NotFound:
        return False
    return True
