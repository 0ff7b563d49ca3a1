"""How the process instances of an older version come to the newest: the engine's plan, completed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from camunda7.engine import Engine
from camunda7.lint import events
from camunda7.lint.diagram import CAMUNDA, SCOPES, TASKS, Diagram, Element
from camunda7.lint.files import FileError, read_diagram
from camunda7.release.changes import running
from camunda7.release.changes.blocked_cases import other_topic
from camunda7.release.hints import HINTS, Hints

BODY = "#multiInstanceBody"
WAITING = ("boundaryEvent", "intermediateCatchEvent", "receiveTask", "startEvent")
# where a case can stand
STANDING = (*TASKS, *SCOPES, "callActivity", "boundaryEvent", "intermediateCatchEvent")
Row = dict[str, Any]


class MigrationRefused(Exception):
    """Nothing was moved; the message says why, and what to do."""


@dataclass(frozen=True, eq=False)
class Move:
    """From one version of a process to the newest.

    Attributes:
        process: what people call it.
        source: the id of the older version's definition.
        plan: as the engine's REST API takes it.
        variables: what is set beforehand where an instance lacks it, as the REST API takes it.
        reasons: why an instance stays that stands at a step, by the step's id; of others the engine says why.
        old: the older version's diagram.
    """

    process: str
    source: str
    plan: Row
    variables: Row
    reasons: Mapping[str, str]
    old: Diagram


def moves_of(engine: Engine, deployment: str, hints: Mapping[str, Hints]) -> list[Move]:
    """Of each process and each of its older versions under which instances still run.

    Args:
        deployment: the name of the deployments, of which the last one has the newest versions.

    Raises:
        MigrationRefused: the engine can't follow a plan.
    """
    rows = engine.get("/process-definition/statistics")
    last = running.newest(engine, deployment)
    newest = {row["definition"]["key"]: row["definition"] for row in rows if row["definition"]["deploymentId"] == last}
    older = [row["definition"] for row in rows if row["instances"] and row["definition"]["deploymentId"] != last]
    diagrams = _Diagrams(engine)
    return [
        _move(engine, each, newest[each["key"]], diagrams, hints.get(each["key"], Hints()))
        for each in sorted(older, key=lambda each: (each["key"], each["version"]))
        if each["key"] in newest
    ]


class _Diagrams:
    """The diagrams of definitions, each deployment read once."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self._files: dict[str, dict[str, bytes]] = {}

    def of(self, definition: Row) -> Diagram:
        deployment, file = definition["deploymentId"], definition["resource"]
        if deployment not in self._files:
            self._files[deployment] = running.files_of(self._engine, deployment)
        try:
            return read_diagram(file, self._files[deployment][file])
        except FileError as error:
            raise MigrationRefused(f"{file} as it was deployed: {error}") from None


def _move(engine: Engine, source: Row, target: Row, diagrams: _Diagrams, hints: Hints) -> Move:
    old, new = diagrams.of(source), diagrams.of(target)
    ends = {"sourceProcessDefinitionId": source["id"], "targetProcessDefinitionId": target["id"]}
    plan = engine.post("/migration/generate", {**ends, "updateEventTriggers": False})
    plan["instructions"] += _renamed(old, new, hints)
    reasons = {step: reason for step, now in _pairs(plan) if (reason := other_topic(old, step, new, now))}
    plan["instructions"] = [each for each in plan["instructions"] if each["sourceActivityIds"][0] not in reasons]
    for each in plan["instructions"]:
        each["updateEventTrigger"] = _waits_for_another(
            old, each["sourceActivityIds"][0], new, each["targetActivityIds"][0]
        )
    _refuse_what_is_wrong(engine, plan, old)
    name = source["name"] or source["key"]
    return Move(name, source["id"], plan, engine.catalogue.to_engine(hints.variables), reasons, old)


def _pairs(plan: Row) -> list[tuple[str, str]]:
    return [(each["sourceActivityIds"][0], each["targetActivityIds"][0]) for each in plan["instructions"]]


def _renamed(old: Diagram, new: Diagram, hints: Hints) -> Iterator[Row]:
    """Steps that the engine doesn't find: they, or what they lie in or are attached to, are called otherwise now."""
    for step, element in old.elements.items():
        now = hints.now(step, new.elements)
        if now is None or element.kind not in STANDING or not _is_moved(old, element, new):
            continue
        if now == step and element.kind != new.elements[now].kind:
            continue
        yield _instruction(step, now)
        if _is_repeated(element) and _is_repeated(new.elements[now]):
            yield _instruction(step + BODY, now + BODY)


def _is_moved(old: Diagram, element: Element, new: Diagram) -> bool:
    around: Element | None = element
    while around is not None and around.id in new.elements:
        around = old.elements.get(around.node.get("attachedToRef") or around.scope)
    return around is not None


def _instruction(step: str, now: str) -> Row:
    return {"sourceActivityIds": [step], "targetActivityIds": [now], "updateEventTrigger": False}


def _is_repeated(element: Element) -> bool:
    return element.has("multiInstanceLoopCharacteristics") is not None


def _waits_for_another(old: Diagram, step: str, new: Diagram, now: str) -> bool:
    """Whether an event waits for another message or another time in the new version: the engine keeps it else."""
    before, after = old.elements.get(step), new.elements.get(now)
    if before is None or after is None or before.kind not in WAITING:
        return False
    return _trigger(old, before) != _trigger(new, after)


def _trigger(diagram: Diagram, element: Element) -> list[str]:
    """What an event waits for, in the diagram's words."""
    waits = element.node if element.kind == "receiveTask" else element.definition
    if waits is None:
        return []
    named = [events.refers_to(diagram, element, kind) for kind in ("message", "signal")]
    return named + [" ".join((each.text or "").split()) for each in waits if not each.tag.startswith(CAMUNDA)]


def _refuse_what_is_wrong(engine: Engine, plan: Row, old: Diagram) -> None:
    report = engine.post("/migration/validate", plan)
    wrong = [
        f"{HINTS}: {_shown(each['instruction'], old)}: {reason}"
        for each in report["instructionReports"]
        for reason in each["failures"]
    ]
    if wrong:
        raise MigrationRefused("\n".join(wrong))


def _shown(instruction: Row, old: Diagram) -> str:
    [step], [now] = instruction["sourceActivityIds"], instruction["targetActivityIds"]
    return f"{old.called(step.removesuffix(BODY))} ({step} → {now})"
