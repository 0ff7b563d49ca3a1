"""What an engine runs: the files that were deployed last, and where open cases stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from deployment.check.diagram import Diagram
from processes.engine import Engine


@dataclass(frozen=True)
class Open:
    """The open cases of a diagram, in all of its versions.

    Attributes:
        name: of the diagram.
        count: how many there are.
        at: how many stand at each step, by its id.
        lost: the same, of the steps that the new version doesn't have.
        stay: how many cases stand at a step that the new version doesn't have.
    """

    name: str
    count: int
    at: dict[str, int]
    lost: dict[str, int]
    stay: int


def newest(engine: Engine, name: str) -> str | None:
    """The id of the deployment of this name that came last; None when there is none."""
    found = engine.get("/deployment", name=name, sortBy="deploymentTime", sortOrder="desc", maxResults=1)
    return found[0]["id"] if found else None


def files_of(engine: Engine, deployment: str) -> dict[str, bytes]:
    """What was deployed, by the files' names."""
    resources = engine.get(f"/deployment/{deployment}/resources")
    path = f"/deployment/{deployment}/resources"
    return {each["name"]: engine.download(f"{path}/{each['id']}/data") for each in resources}


def open_cases(engine: Engine, after: Iterable[Diagram]) -> list[Open]:
    """Of each diagram that goes on, and may lose steps."""
    versions = [row["definition"] for row in engine.get("/process-definition/statistics") if row["instances"]]
    found = []
    for diagram in after:
        for process in diagram.processes:
            own = [version["id"] for version in versions if version["key"] == process.id]
            found.append(_open(engine, process.id, process.name or process.id, own, set(diagram.elements)))
    return [each for each in found if each.count]


def _open(engine: Engine, key: str, name: str, versions: list[str], there: set[str]) -> Open:
    at: Counter[str] = Counter()
    for version in versions:
        for row in engine.get(f"/process-definition/{version}/statistics"):
            at[row["id"]] += row["instances"]
    lost = {step: count for step, count in at.items() if step not in there}
    count = _count(engine, processDefinitionKey=key)
    stay = _count(engine, processDefinitionKey=key, activityIdIn=list(lost)) if lost else 0
    return Open(name, count, dict(at), lost, stay)


def _count(engine: Engine, **query: Any) -> int:
    return engine.post("/process-instance/count", query)["count"]


def diagrams_of(files: dict[str, bytes]) -> list[Diagram]:
    return [
        Diagram(name, ElementTree.fromstring(content))  # noqa: S314 - deployed by developers
        for name, content in sorted(files.items())
        if name.endswith(".bpmn")
    ]
