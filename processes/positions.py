"""Activity statistics: how many cases are at each step, and for how long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from xml.etree.ElementTree import Element

from camunda7.engine import NotFound
from camunda7.variables import ENGINE_TIME
from camunda7.xml import XmlError, parse
from processes.elements import EventBasedGateway, Process, ReceiveTask, UserTask
from processes.engine import Engine, RunningActivities
from processes.incidents import count_incidents

# steps at which patients wait, by label
BOTTLENECKS = {
    "A doctor's call in an emergency": UserTask.CALL_PATIENT,
    "A test kit": EventBasedGateway.WAIT_FOR_KIT,
    "The visit": UserTask.VISIT_PATIENT,
    "The result": ReceiveTask.WAIT_FOR_TEST_RESULT,
    "The doctor's report": UserTask.WRITE_DOCTORS_REPORT,
}
# the engine leaves and enters the step anew each policy.kit_asked_again_after; the wait began with the process instance
ENTERED_ANEW: set[str] = {EventBasedGateway.WAIT_FOR_KIT}
# tags of elements in a diagram, and of those at which no case is
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
FLOW = f"{BPMN}sequenceFlow"


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
        yesterday: their number 24 h before the current hour began.
    """

    label: str
    step: str
    now: ActivityCount | None
    yesterday: int


@dataclass(frozen=True)
class ActivityInstance:
    """A wait at a step.

    Attributes:
        instance_id: of its process instance.
    """

    instance_id: str
    started_at: datetime


@dataclass(frozen=True)
class Overdue:
    """Patients at a step whose wait started before some time.

    Attributes:
        count: their number.
        longest: the longest waits among them.
    """

    count: int
    longest: list[ActivityInstance]


@dataclass(frozen=True)
class Definition:
    """A deployed version of a process; `is_running`: it has running instances."""

    id: str
    key: str
    version: int
    is_running: bool


def list_definitions(engine: Engine) -> list[Definition]:
    """Return all deployed versions of our processes."""
    running = set(engine.list_running_versions())
    return [
        Definition(row["id"], row["key"], row["version"], row["id"] in running)
        for row in engine.get("/process-definition", keysIn=",".join(Process))
    ]


@lru_cache(maxsize=64)
def get_diagram(engine: Engine, definition_id: str) -> str:
    """Return the BPMN XML of a version; cached, because a deployed version never changes."""
    return engine.get(f"/process-definition/{definition_id}/xml")["bpmn20Xml"]


@lru_cache(maxsize=64)
def get_step_names(engine: Engine, definition_id: str) -> Mapping[str, str]:
    """Return the names of a version's elements, by id; empty if it is deleted, or its diagram can't be read."""
    nodes = _list_elements(engine, definition_id)
    return {node.attrib["id"]: node.attrib["name"] for node in nodes if node.get("name")}


@lru_cache(maxsize=64)
def get_step_ids(engine: Engine, definition_id: str) -> frozenset[str]:
    """Return the ids of a version's elements but flows; empty if it is deleted, or its diagram can't be read."""
    nodes = _list_elements(engine, definition_id)
    return frozenset(node.attrib["id"] for node in nodes if node.tag.startswith(BPMN) and node.tag != FLOW)


def _list_elements(engine: Engine, definition_id: str) -> list[Element]:
    """List a version's XML elements with an id."""
    try:
        return [node for node in parse(get_diagram(engine, definition_id)).iter() if node.get("id")]
    except (NotFound, XmlError):
        return []


def count_activities_by_diagram(engine: Engine, versions: Iterable[Definition]) -> dict[str, dict[str, ActivityCount]]:
    """Count activity instances of these versions, by process key and element id."""
    steps: dict[str, set[str]] = {key: set() for key in Process}
    for version in versions:
        if version.is_running:
            steps[version.key] |= get_step_ids(engine, version.id)
    known = set().union(*steps.values())
    running = engine.measure_activities(known - ENTERED_ANEW)
    if anew := known & ENTERED_ANEW:
        running |= engine.measure_activities(anew, since_instance=True)
    stuck = count_incidents(engine)
    return {
        key: {step: found for step in own if (found := _measure(engine, step, stuck[step], running.get(step)))}
        for key, own in steps.items()
    }


def count_activities(engine: Engine, versions: Iterable[Definition]) -> dict[str, ActivityCount]:
    """Count activity instances of these versions, by element id."""
    by_diagram = count_activities_by_diagram(engine, versions)
    return {step: each for own in by_diagram.values() for step, each in own.items()}


def list_waits(engine: Engine, counts: Mapping[str, ActivityCount]) -> list[Wait]:
    """Return the waits of BOTTLENECKS.

    Args:
        counts: as count_activities() returns them.
    """
    this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    yesterday = count_waiting(engine, (this_hour - timedelta(days=1),))
    return [Wait(label, step, counts.get(step), yesterday[step][0]) for label, step in BOTTLENECKS.items()]


@lru_cache(maxsize=64)
def count_waiting(engine: Engine, times: tuple[datetime, ...]) -> Mapping[str, list[int]]:
    """Count the patients who waited at each step of BOTTLENECKS at past times; cached, because it no longer changes."""
    return engine.count_past_activities(BOTTLENECKS.values(), times)


def find_overdue(engine: Engine, step: str, at: datetime, limit: int) -> Overdue:
    """Find the patients at a step whose wait started before a time; the list has at most `limit` of them."""
    count, rows = engine.find_overdue_activities(step, at, limit, step in ENTERED_ANEW)
    return Overdue(count, [ActivityInstance(*row) for row in rows])


def _measure(engine: Engine, step: str, incidents: int, running: RunningActivities | None) -> ActivityCount | None:
    """Measure the activity instances at a step; None if there are none.

    At a step whose job has failed before its start there is no activity instance yet: its incidents are measured.
    """
    now = datetime.now(UTC)
    if running:
        return ActivityCount(running.count, now - running.oldest, now - running.median, running.first, incidents)
    first, half = _incidents_of_rank(engine, step, incidents) if incidents else (None, None)
    if first is None or half is None:
        return None
    return ActivityCount(incidents, now - first.started_at, now - half.started_at, first.instance_id, incidents)


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
