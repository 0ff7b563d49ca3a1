"""What an engine runs: the files that were deployed last, and where open cases stand."""

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

# where a case stands within
AROUND = (*SCOPES, "callActivity")


@dataclass(frozen=True)
class Stuck:
    """A step at which cases can't come along to the new version.

    Attributes:
        name: what it is called.
        count: how many stand there.
        why: they can't come along.
    """

    name: str
    count: int
    why: str


@dataclass(frozen=True)
class Open:
    """The open cases of a diagram, in all of its versions.

    Attributes:
        name: of the diagram.
        count: how many there are.
        at: how many stand at each step, by what it is called.
        stuck: the steps at which they can't come along.
        stay: how many cases stand at one of these.
    """

    name: str
    count: int
    at: dict[str, int]
    stuck: tuple[Stuck, ...]
    stay: int


def newest(engine: Engine, name: str) -> str | None:
    """The id of the deployment of this name that came last; None when there is none."""
    found = last(engine, name, 1)
    return found[0]["id"] if found else None


def last(engine: Engine, name: str, count: int) -> list[dict[str, Any]]:
    """So many of the deployments of this name, the newest first."""
    found: list[dict[str, Any]] = engine.get(
        "/deployment", name=name, sortBy="deploymentTime", sortOrder="desc", maxResults=count
    )
    return found


def files_of(engine: Engine, deployment: str) -> dict[str, bytes]:
    """What was deployed, by the files' names."""
    resources = engine.get(f"/deployment/{deployment}/resources")
    path = f"/deployment/{deployment}/resources"
    return {each["name"]: engine.download(f"{path}/{each['id']}/data") for each in resources}


def open_cases(
    engine: Engine, before: Mapping[str, bytes], after: Mapping[str, bytes], hints: Mapping[str, Hints]
) -> list[Open]:
    """Of each diagram, where its open cases stand now.

    Args:
        before, after: the files that run, and those that are to.
        hints: what steps are called now, by process.
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


def _open(engine: Engine, process: Element, versions: list[str], new: Diagram, old: Diagram, hints: Hints) -> Open:
    at: Counter[str] = Counter()
    for version in versions:
        for row in engine.get(f"/process-definition/{version}/statistics"):
            at[row["id"]] += row["instances"]
    there, stuck = {}, {}
    for step, count in at.items():
        element = new.elements.get(step) or old.elements.get(step)
        name = new.called(element) if element else step
        if why := reason_blocked(old, step, new, hints):
            stuck[step] = Stuck(name, count, why)
        elif element and element.kind not in AROUND:
            there[name] = count
    stay = _count(engine, processDefinitionKey=process.id, activityIdIn=list(stuck)) if stuck else 0
    count = _count(engine, processDefinitionKey=process.id)
    return Open(process.name or process.id, count, there, tuple(stuck.values()), stay)


def _count(engine: Engine, **query: Any) -> int:
    count: int = engine.post("/process-instance/count", query)["count"]
    return count


def _diagrams(files: Mapping[str, bytes]) -> dict[str, Diagram]:
    """Those that can be read, by the files' names."""
    return {diagram.file: diagram for diagram in Files.read(files).diagrams}
