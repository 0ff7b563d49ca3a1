"""Activity statistics: how many cases are at each step, and for how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

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
        now: None if there are none.
        yesterday: their number 24 h ago.
    """

    label: str
    now: ActivityCount | None
    yesterday: int


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
    """Return the names of a version's elements, by id; empty if its diagram can't be read."""
    try:
        nodes = parse(get_diagram(engine, definition_id)).iter()
    except XmlError:
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
    measured = {
        step: _measure_activity(engine, step, count, incidents[step]) for step, count in counts.items() if count
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
        Wait(label, counts.get(step), count_at_time(engine, step, yesterday)) for label, step in BOTTLENECKS.items()
    ]


def _measure_activity(engine: Engine, step: str, count: int, incidents: int) -> ActivityCount | None:
    now = datetime.now(UTC)
    first = half = _activity_of_rank(engine, step, 0)
    if count > 2:
        half = _activity_of_rank(engine, step, (count - 1) // 2)
    if first is None or half is None:
        # the instances have ended since they were counted
        return None
    longest, median = (now - datetime.strptime(row["startTime"], ENGINE_TIME) for row in (first, half))
    return ActivityCount(count, longest, median, first["processInstanceId"], incidents)


def _activity_of_rank(engine: Engine, step: str, rank: int) -> dict[str, Any] | None:
    """Return the activity instance of this rank at a step, the oldest first; None if there are fewer."""
    sorting = [{"sortBy": "startTime", "sortOrder": "asc"}]
    query = {"activityId": step, "unfinished": True, "sorting": sorting}
    rows = engine.post(f"/history/activity-instance?firstResult={rank}&maxResults=1", query)
    return rows[0] if rows else None
