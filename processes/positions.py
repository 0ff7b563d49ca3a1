"""Where the open cases stand, and for how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from camunda7.variables import ENGINE_TIME, engine_time
from processes.elements import EventBasedGateway, Process, ReceiveTask, UserTask
from processes.engine import Engine

# what patients wait for, and the step at which they do
BOTTLENECKS = {
    "A doctor's call in an emergency": UserTask.CALL_PATIENT,
    "A test kit": EventBasedGateway.WAIT_FOR_KIT,
    "The visit": UserTask.VISIT_PATIENT,
    "The result": ReceiveTask.WAIT_FOR_TEST_RESULT,
    "The doctor's report": UserTask.WRITE_DOCTORS_REPORT,
}


@dataclass(frozen=True)
class ActivityCount:
    """How many stand at a step.

    Attributes:
        longest: for how long the first of them does; half of them do for `median` at least.
        first: the process instance of the first.
        incidents: how many of them go on only when somebody has them retried.
    """

    count: int
    longest: timedelta
    median: timedelta
    first: str
    incidents: int


@dataclass(frozen=True)
class Wait:
    """How many patients wait for something.

    Attributes:
        what: of BOTTLENECKS.
        now: None where none waits.
        yesterday: how many waited at this time of yesterday.
    """

    what: str
    now: ActivityCount | None
    yesterday: int


@dataclass(frozen=True)
class Definition:
    """A version of a diagram that the engine has."""

    id: str
    key: str
    version: int
    instances: int


def definitions(engine: Engine) -> list[Definition]:
    """All versions of our diagrams, each with how many go by it."""
    rows = [(row["definition"], row["instances"]) for row in engine.get("/process-definition/statistics")]
    return [
        Definition(row["id"], row["key"], row["version"], instances)
        for row, instances in rows
        if row["key"] in set(Process)
    ]


@lru_cache(maxsize=64)
def diagram(engine: Engine, definition_id: str) -> str:
    """The BPMN file of a version, which never changes."""
    return engine.get(f"/process-definition/{definition_id}/xml")["bpmn20Xml"]


def activity_counts_by_diagram(engine: Engine, versions: Iterable[Definition]) -> dict[str, dict[str, ActivityCount]]:
    """Of each diagram, where cases stand in any of its versions."""
    versions = list(versions)
    return {key: standing(engine, [each for each in versions if each.key == key]) for key in Process}


def standing(engine: Engine, versions: Iterable[Definition]) -> dict[str, ActivityCount]:
    """By the id of the step, in any of these versions."""
    counts: Counter[str] = Counter()
    incidents: Counter[str] = Counter()
    for version in (each for each in versions if each.instances):
        for row in engine.get(f"/process-definition/{version.id}/statistics", incidents=True):
            counts[row["id"]] += row["instances"]
            incidents[row["id"]] += sum(each["incidentCount"] for each in row["incidents"])
    found = {step: _standing(engine, step, count, incidents[step]) for step, count in counts.items() if count}
    return {step: each for step, each in found.items() if each}


def stood(engine: Engine, step: str, at: datetime) -> int:
    """How many stood at a step at a moment that is over."""
    began = {"activityId": step, "startedBefore": engine_time(at)}
    queries = ({**began, "unfinished": True}, {**began, "finishedAfter": engine_time(at)})
    return sum(engine.post("/history/activity-instance/count", query)["count"] for query in queries)


def waits(engine: Engine, found: Mapping[str, ActivityCount]) -> list[Wait]:
    """Who waits for what.

    Args:
        found: where cases stand, as `standing` returns it.
    """
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return [Wait(what, found.get(step), stood(engine, step, yesterday)) for what, step in BOTTLENECKS.items()]


def _standing(engine: Engine, step: str, count: int, incidents: int) -> ActivityCount | None:
    now = datetime.now(UTC)
    first = half = _of_rank(engine, step, 0)
    if count > 2:
        half = _of_rank(engine, step, (count - 1) // 2)
    if first is None or half is None:
        # they went on just now
        return None
    longest, median = (now - datetime.strptime(row["startTime"], ENGINE_TIME) for row in (first, half))
    return ActivityCount(count, longest, median, first["processInstanceId"], incidents)


def _of_rank(engine: Engine, step: str, rank: int) -> dict[str, Any] | None:
    """The one of this rank at a step, those that are there for longest first."""
    sorting = [{"sortBy": "startTime", "sortOrder": "asc"}]
    query = {"activityId": step, "unfinished": True, "sorting": sorting}
    found = engine.post(f"/history/activity-instance?firstResult={rank}&maxResults=1", query)
    return found[0] if found else None
