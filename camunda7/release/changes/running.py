"""State of an engine: the files of its latest deployment, and the steps of its running cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from camunda7.engine import Engine
from camunda7.lint.diagram import SCOPES, Diagram, Element
from camunda7.lint.files import Files
from camunda7.release.changes.blocked_cases import reason_blocked
from camunda7.release.hints import Hints

# elements that contain the steps at which a case is
CONTAINERS = (*SCOPES, "callActivity")


@dataclass(frozen=True)
class BlockedStep:
    """A step whose cases can't be migrated to the new version.

    Attributes:
        name: of the step, for people.
        count: number of activity instances there.
        reason: why they can't be migrated.
    """

    name: str
    count: int
    reason: str


@dataclass(frozen=True)
class OpenCases:
    """Running cases of a process, in all of its versions.

    Attributes:
        name: of the process.
        count: number of cases.
        by_step: number of activity instances by the step's name.
        blocked: steps whose cases can't be migrated.
        blocked_count: number of cases at these steps.
    """

    name: str
    count: int
    by_step: dict[str, int]
    blocked: tuple[BlockedStep, ...]
    blocked_count: int


def latest_deployment_id(engine: Engine, name: str) -> str | None:
    """Return the id of the latest deployment of this name, or None."""
    deployments = list_deployments(engine, name, 1)
    return deployments[0]["id"] if deployments else None


def list_deployments(engine: Engine, name: str, count: int) -> list[dict[str, Any]]:
    """Return the latest `count` deployments of this name, the newest first."""
    deployments: list[dict[str, Any]] = engine.get(
        "/deployment", name=name, sortBy="deploymentTime", sortOrder="desc", maxResults=count
    )
    return deployments


def download_files(engine: Engine, deployment: str) -> dict[str, bytes]:
    """Download the files of a deployment; returns them by name."""
    resources = engine.get(f"/deployment/{deployment}/resources")
    path = f"/deployment/{deployment}/resources"
    return {each["name"]: engine.download(f"{path}/{each['id']}/data") for each in resources}


def count_open_cases(
    engine: Engine, before: Mapping[str, bytes], after: Mapping[str, bytes], hints: Mapping[str, Hints]
) -> list[OpenCases]:
    """Count the running cases of each process by step.

    Args:
        before, after: the deployed files, and those to deploy.
        hints: migration hints, by process.
    """
    versions = [row["definition"] for row in engine.get("/process-definition/statistics") if row["instances"]]
    old = _diagrams(before)
    found = []
    for file, diagram in _diagrams(after).items():
        for process in diagram.processes:
            own = [version["id"] for version in versions if version["key"] == process.id]
            known = hints.get(process.id, Hints())
            found.append(_open(engine, process, own, diagram, old.get(file, diagram), known))
    return [each for each in found if each.count]


def _open(engine: Engine, process: Element, versions: list[str], new: Diagram, old: Diagram, hints: Hints) -> OpenCases:
    counts: Counter[str] = Counter()
    for version in versions:
        for row in engine.get(f"/process-definition/{version}/statistics"):
            counts[row["id"]] += row["instances"]
    by_step, blocked = {}, {}
    for step, count in counts.items():
        element = new.elements.get(step) or old.elements.get(step)
        name = new.describe(element) if element else step
        if reason := reason_blocked(old, step, new, hints):
            blocked[step] = BlockedStep(name, count, reason)
        elif element and element.kind not in CONTAINERS:
            by_step[name] = count
    blocked_count = _count(engine, processDefinitionKey=process.id, activityIdIn=list(blocked)) if blocked else 0
    count = _count(engine, processDefinitionKey=process.id)
    return OpenCases(process.name or process.id, count, by_step, tuple(blocked.values()), blocked_count)


def _count(engine: Engine, **query: Any) -> int:
    count: int = engine.post("/process-instance/count", query)["count"]
    return count


def _diagrams(files: Mapping[str, bytes]) -> dict[str, Diagram]:
    """Return the readable diagrams, by file name."""
    return {diagram.file: diagram for diagram in Files.read(files).diagrams}
