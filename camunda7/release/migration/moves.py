"""Migration plans from older versions to the latest: the engine's plan, with instructions added by hints.

Instructions that would move a task to another topic are removed, with a reason for the report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from camunda7.engine import Engine
from camunda7.lint import events
from camunda7.lint.diagram import BPMN, CAMUNDA, SCOPES, TASKS, Diagram, Element
from camunda7.lint.files import FileError, read_diagram
from camunda7.release.changes import running
from camunda7.release.changes.blocked_cases import reason_other_topic
from camunda7.release.hints import HINTS, Hints

BODY = "#multiInstanceBody"
WAITING = ("boundaryEvent", "intermediateCatchEvent", "receiveTask", "startEvent")
# kinds of elements at which a process instance can be
MAPPABLE = (*TASKS, *SCOPES, "callActivity", "boundaryEvent", "intermediateCatchEvent")
Row = dict[str, Any]


class MigrationRefused(Exception):
    """Nothing was migrated; the message has the reason, and the remedy."""


@dataclass(frozen=True, eq=False)
class Move:
    """Migration from a version of a process to the latest.

    Attributes:
        process: name of the process.
        source: id of the older version's process definition.
        plan: migration plan of the REST API.
        variables: typed values of variables that are set before the migration, in instances that lack them.
        reasons: why instances at a step can't be migrated, by the step's id, in addition to the engine's reasons.
        old: the older version's diagram.
    """

    process: str
    source: str
    plan: Row
    variables: Row
    reasons: Mapping[str, str]
    old: Diagram


def plan_moves(engine: Engine, deployment: str, hints: Mapping[str, Hints]) -> list[Move]:
    """Return the moves of all older versions with running instances.

    Args:
        deployment: name of the deployments, the latest of which has the latest versions.

    Raises:
        MigrationRefused: a migration plan is invalid.
    """
    rows = engine.get("/process-definition/statistics")
    last = running.latest_deployment_id(engine, deployment)
    newest = {row["definition"]["key"]: row["definition"] for row in rows if row["definition"]["deploymentId"] == last}
    older = [row["definition"] for row in rows if row["instances"] and row["definition"]["deploymentId"] != last]
    diagrams = _Diagrams(engine)
    return [
        _move(engine, each, newest[each["key"]], diagrams, hints.get(each["key"], Hints()))
        for each in sorted(older, key=lambda each: (each["key"], each["version"]))
        if each["key"] in newest
    ]


class _Diagrams:
    """Cache of process definitions' diagrams, which downloads each deployment once."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self._files: dict[str, dict[str, bytes]] = {}

    def of(self, definition: Row) -> Diagram:
        deployment, file = definition["deploymentId"], definition["resource"]
        if deployment not in self._files:
            self._files[deployment] = running.download_files(self._engine, deployment)
        try:
            return read_diagram(file, self._files[deployment][file])
        except FileError as error:
            raise MigrationRefused(f"{file} as it was deployed: {error}") from None


def _move(engine: Engine, source: Row, target: Row, diagrams: _Diagrams, hints: Hints) -> Move:
    old, new = diagrams.of(source), diagrams.of(target)
    definitions = {"sourceProcessDefinitionId": source["id"], "targetProcessDefinitionId": target["id"]}
    plan = engine.post("/migration/generate", {**definitions, "updateEventTriggers": False})
    plan["instructions"] += _create_rename_instructions(old, new, hints)
    reasons = {step: reason for step, new_id in _pairs(plan) if (reason := reason_other_topic(old, step, new, new_id))}
    plan["instructions"] = [each for each in plan["instructions"] if each["sourceActivityIds"][0] not in reasons]
    for each in plan["instructions"]:
        each["updateEventTrigger"] = _has_other_trigger(
            old, each["sourceActivityIds"][0], new, each["targetActivityIds"][0]
        )
    _validate(engine, plan, old)
    name = source["name"] or source["key"]
    return Move(name, source["id"], plan, engine.catalogue.to_engine(hints.variables), reasons, old)


def _pairs(plan: Row) -> list[tuple[str, str]]:
    return [(each["sourceActivityIds"][0], each["targetActivityIds"][0]) for each in plan["instructions"]]


def _create_rename_instructions(old: Diagram, new: Diagram, hints: Hints) -> Iterator[Row]:
    """Yield instructions for steps that the engine doesn't map, because they or their parents have new ids."""
    for step, element in old.elements.items():
        new_id = hints.new_id(step, new.elements)
        if new_id is None or element.kind not in MAPPABLE or not _is_renamed(old, element, new):
            continue
        # the same id with another kind is another step: the engine reports it
        if new_id == step and element.kind != new.elements[new_id].kind:
            continue
        yield _instruction(step, new_id)
        if _is_repeated(element) and _is_repeated(new.elements[new_id]):
            yield _instruction(step + BODY, new_id + BODY)


def _is_renamed(old: Diagram, element: Element, new: Diagram) -> bool:
    """Whether the new version lacks the id of the element, or of a scope or host activity around it."""
    outer: Element | None = element
    while outer is not None and outer.id in new.elements:
        outer = old.elements.get(outer.node.get("attachedToRef") or outer.scope)
    return outer is not None


def _instruction(step: str, new_id: str) -> Row:
    return {"sourceActivityIds": [step], "targetActivityIds": [new_id], "updateEventTrigger": False}


def _is_repeated(element: Element) -> bool:
    return element.find_child("multiInstanceLoopCharacteristics") is not None


def _has_other_trigger(old: Diagram, step: str, new: Diagram, new_id: str) -> bool:
    """Whether the engine must update an event: to another message or timer, or since it's conditional.

    The engine migrates conditional events with an update only, also unchanged ones.
    """
    before, after = old.elements.get(step), new.elements.get(new_id)
    if before is None or after is None or before.kind not in WAITING:
        return False
    if after.definition is not None and after.definition.tag == BPMN + "conditionalEventDefinition":
        return True
    return _trigger(old, before) != _trigger(new, after)


def _trigger(diagram: Diagram, element: Element) -> list[str]:
    """Return the texts of an event's trigger in the diagram: its message, signal and timer."""
    waits = element.node if element.kind == "receiveTask" else element.definition
    if waits is None:
        return []
    named = [events.referenced_name(diagram, element, kind) for kind in ("message", "signal")]
    return named + [" ".join((each.text or "").split()) for each in waits if not each.tag.startswith(CAMUNDA)]


def _validate(engine: Engine, plan: Row, old: Diagram) -> None:
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
    return f"{old.describe(step.removesuffix(BODY))} ({step} → {now})"
