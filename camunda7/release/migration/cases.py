"""The open cases of older versions, and what would become of each if it were moved now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from camunda7.engine import Engine
from camunda7.release.changes.blocked_cases import NO_SUCH_STEP
from camunda7.release.migration.moves import Move

PAGE = 1000
AT_ONCE = 25
UNMAPPED = "There is no migration instruction for this instance's activity"
Progress = Callable[[Iterable[Any], str, int], Iterable[Any]]


@dataclass(frozen=True)
class Case:
    """One that is open.

    Attributes:
        instances: ids of its process instances under an older version, each with how it would be moved.
    """

    reference: str
    instances: Mapping[str, Move]


@dataclass(frozen=True)
class Rehearsed:
    """What would become of a case.

    Attributes:
        reasons: why it can't be moved; empty when it can.
        without: which variables its instances lack.
    """

    case: Case
    reasons: tuple[str, ...]
    without: Mapping[str, tuple[str, ...]]


def cases_of(engine: Engine, moves: Sequence[Move]) -> list[Case]:
    """The open cases of the older versions."""
    found: dict[str, dict[str, Move]] = defaultdict(dict)
    for move in moves:
        for instance in _instances(engine, move.source):
            found[instance["businessKey"] or instance["id"]][instance["id"]] = move
    return [Case(reference, instances) for reference, instances in sorted(found.items())]


def rehearsed(engine: Engine, cases: Sequence[Case], progress: Progress) -> list[Rehearsed]:
    """Have the engine move each case and take it back. Nothing is changed."""
    return list(progress(_rehearsed(engine, cases), "would each case come along?", len(cases)))


def _rehearsed(engine: Engine, cases: Sequence[Case]) -> Iterator[Rehearsed]:
    for first in range(0, len(cases), AT_ONCE):
        some = cases[first : first + AT_ONCE]
        moves = {move.source: move for case in some for move in case.instances.values()}
        numbers = {source: number for number, source in enumerate(moves)}
        body = {
            "moves": [{"plan": move.plan, "variables": move.variables} for move in moves.values()],
            "cases": [{id: numbers[move.source] for id, move in case.instances.items()} for case in some],
        }
        for case, outcome in zip(some, engine.post("/coronacare/migration/rehearse", body), strict=True):
            reasons = [_told(case.instances[each["processInstanceId"]], each) for each in outcome["failures"]]
            without = {id: tuple(names) for id, names in outcome["without"].items()}
            yield Rehearsed(case, tuple(dict.fromkeys(reasons)), without)


def _told(move: Move, failure: dict[str, Any]) -> str:
    """Why an instance can't be moved, in the words of the diagram."""
    step = failure["step"]
    at = f"{move.process}, at {move.old.called(step)} ({step}): " if step else f"{move.process}: "
    if step in move.reasons:
        return at + move.reasons[step]
    return at + (NO_SUCH_STEP if failure["reason"] == UNMAPPED else failure["reason"])


def _instances(engine: Engine, definition: str) -> Iterator[dict[str, Any]]:
    query = {"processDefinitionId": definition, "sorting": [{"sortBy": "instanceId", "sortOrder": "asc"}]}
    first = 0
    while page := engine.post(f"/process-instance?firstResult={first}&maxResults={PAGE}", query):
        yield from page
        first += len(page)
