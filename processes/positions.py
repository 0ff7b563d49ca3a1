"""Activity statistics: how many cases are at each step, and for how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from camunda7.engine import NotFound
from camunda7.variables import ENGINE_TIME, engine_time
from camunda7.xml import XmlError, parse
from processes.elements import EventBasedGateway, Process, ReceiveTask, UserTask
from processes.engine import Engine

# steps at which patients wait, by label
BOTTLENECKS = {
    "A doctor's call in an emergency": UserTask.CALL_PATIENT,
    "A test kit": EventBasedGateway.WAIT_FOR_KIT,
    "The visit": UserTask.VISIT_PATIENT,
    "The result": ReceiveTask.WAIT_FOR_TEST_RESULT,
    "The doctor's report": UserTask.WRITE_DOCTORS_REPORT,
}
OLDEST_FIRST = [{"sortBy": "startTime", "sortOrder": "asc"}]


@dataclass(frozen=True)
class ActivityCount:
    """Number of activity instances at a step.

    Attributes:
        longest: duration of the oldest.
        median: half of them last at least as long.
        first: id of the oldest one's process instance.
        incidents: number of open incidents.
    """

    count: int
    longest: timedelta
    median: timedelta
    first: str
    incidents: int


@dataclass(frozen=True)
class Wait:
    """Patients who wait at a step of BOTTLENECKS.

    Attributes:
        step: id of the step in its diagram.
        now: None if there are none.
        yesterday: their number 24 h ago.
    """

    label: str
    step: str
    now: ActivityCount | None
    yesterday: int


@dataclass(frozen=True)
class ActivityInstance:
    """A running activity instance.

    Attributes:
        instance_id: of its process instance.
    """

    instance_id: str
    started_at: datetime


@dataclass(frozen=True)
class Definition:
    """A deployed version of a process, with the number of its running instances."""

    id: str
    key: str
    version: int
    instances: int


def list_definitions(engine: Engine) -> list[Definition]:
    """Return all deployed versions of our processes."""
    rows = [(row["definition"], row["instances"]) for row in engine.get("/process-definition/statistics")]
    return [
        Definition(row["id"], row["key"], row["version"], instances)
        for row, instances in rows
        if row["key"] in set(Process)
    ]


@lru_cache(maxsize=64)
def get_diagram(engine: Engine, definition_id: str) -> str:
    """Return the BPMN XML of a version; cached, because a deployed version never changes."""
    return engine.get(f"/process-definition/{definition_id}/xml")["bpmn20Xml"]


@lru_cache(maxsize=64)
def get_step_names(engine: Engine, definition_id: str) -> Mapping[str, str]:
    """Return the names of a version's elements, by id; empty if it is deleted, or its diagram can't be read."""
    try:
        nodes = parse(get_diagram(engine, definition_id)).iter()
    except (NotFound, XmlError):
        return {}
    return {node.attrib["id"]: node.attrib["name"] for node in nodes if node.get("id") and node.get("name")}


def count_activities_by_diagram(engine: Engine, versions: Iterable[Definition]) -> dict[str, dict[str, ActivityCount]]:
    """Count activity instances of these versions, by process key and element id."""
    versions = list(versions)
    return {key: count_activities(engine, [each for each in versions if each.key == key]) for key in Process}


def count_activities(engine: Engine, versions: Iterable[Definition]) -> dict[str, ActivityCount]:
    """Count activity instances of these versions, by element id."""
    counts: Counter[str] = Counter()
    incidents: Counter[str] = Counter()
    for version in (each for each in versions if each.instances):
        for row in engine.get(f"/process-definition/{version.id}/statistics", incidents=True):
            counts[row["id"]] += row["instances"]
            incidents[row["id"]] += sum(each["incidentCount"] for each in row["incidents"])
    # the engine doesn't count an instance whose job has failed before the start of the step
    numbers = {step: count or incidents[step] for step, count in counts.items()}
    measured = {
        step: _measure_activity(engine, step, number, incidents[step]) for step, number in numbers.items() if number
    }
    return {step: each for step, each in measured.items() if each}


def count_at_time(engine: Engine, step: str, at: datetime) -> int:
    """Return the number of activity instances at a step at a past time."""
    started = {"activityId": step, "startedBefore": engine_time(at)}
    queries = ({**started, "unfinished": True}, {**started, "finishedAfter": engine_time(at)})
    return sum(engine.post("/history/activity-instance/count", query)["count"] for query in queries)


def list_waits(engine: Engine, counts: Mapping[str, ActivityCount]) -> list[Wait]:
    """Return the waits of BOTTLENECKS.

    Args:
        counts: as count_activities() returns them.
    """
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return [
        Wait(label, step, counts.get(step), count_at_time(engine, step, yesterday))
        for label, step in BOTTLENECKS.items()
    ]


def count_started_before(engine: Engine, step: str, at: datetime) -> int:
    """Return the number of running activity instances at a step that started before a time."""
    query = {"activityId": step, "unfinished": True, "startedBefore": engine_time(at)}
    return engine.post("/history/activity-instance/count", query)["count"]


def list_started_before(engine: Engine, step: str, at: datetime, limit: int) -> list[ActivityInstance]:
    """Return the running activity instances at a step that started before a time, the oldest first."""
    query = {"activityId": step, "unfinished": True, "startedBefore": engine_time(at), "sorting": OLDEST_FIRST}
    rows = engine.post(f"/history/activity-instance?firstResult=0&maxResults={limit}", query)
    return [ActivityInstance(row["processInstanceId"], _parse_start(row)) for row in rows]


@lru_cache(maxsize=4096)
def count_at_past_time(engine: Engine, step: str, at: datetime) -> int:
    """Return count_at_time() of a past time; cached, because it no longer changes."""
    return count_at_time(engine, step, at)


def _measure_activity(engine: Engine, step: str, count: int, incidents: int) -> ActivityCount | None:
    """Measure the activity instances at a step; None if they have ended since they were counted.

    At a step whose job has failed before its start there is no activity instance yet: its incidents are measured.
    """
    now = datetime.now(UTC)
    first = half = _activity_of_rank(engine, step, 0)
    if first is None and incidents:
        first, half = _incidents_of_rank(engine, step, count)
    elif count > 2:
        half = _activity_of_rank(engine, step, (count - 1) // 2)
    if first is None or half is None:
        return None
    return ActivityCount(count, now - first.started_at, now - half.started_at, first.instance_id, incidents)


def _activity_of_rank(engine: Engine, step: str, rank: int) -> ActivityInstance | None:
    """Return the activity instance of this rank at a step, the oldest first; None if there are fewer."""
    query = {"activityId": step, "unfinished": True, "sorting": OLDEST_FIRST}
    rows = engine.post(f"/history/activity-instance?firstResult={rank}&maxResults=1", query)
    return ActivityInstance(rows[0]["processInstanceId"], _parse_start(rows[0])) if rows else None


def _incidents_of_rank(
    engine: Engine, step: str, count: int
) -> tuple[ActivityInstance | None, ActivityInstance | None]:
    """Return the first incident at a step, and the median one of `count`, as activity instances."""
    query = {"activityId": step, "sortBy": "incidentTimestamp", "sortOrder": "asc", "maxResults": count}
    found = [
        ActivityInstance(row["processInstanceId"], datetime.strptime(row["incidentTimestamp"], ENGINE_TIME))
        for row in engine.get("/incident", **query)
    ]
    return (found[0], found[(len(found) - 1) // 2]) if found else (None, None)


def _parse_start(row: dict[str, Any]) -> datetime:
    return datetime.strptime(row["startTime"], ENGINE_TIME)
