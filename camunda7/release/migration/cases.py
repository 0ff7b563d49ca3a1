"""Running cases of older versions, and the rehearsal of their migration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from camunda7.engine import Engine
from camunda7.release.changes.blocked_cases import NO_SUCH_STEP
from camunda7.release.migration.moves import Move

PAGE = 1000
BATCH_SIZE = 25
UNMAPPED = "There is no migration instruction for this instance's activity"
Progress = Callable[[Iterable[Any], str, int], Iterable[Any]]


@dataclass(frozen=True)
class Case:
    """A running case.

    Attributes:
        instances: moves of its process instances under an older version, by id.
    """

    reference: str
    instances: Mapping[str, Move]


@dataclass(frozen=True)
class RehearsedCase:
    """Result of a case's rehearsal.

    Attributes:
        reasons: why it can't be migrated; empty if it can.
        without: names of missing variables, by instance.
    """

    case: Case
    reasons: tuple[str, ...]
    without: Mapping[str, tuple[str, ...]]


def list_cases(engine: Engine, moves: Sequence[Move]) -> list[Case]:
    """Return the running cases of older versions."""
    found: dict[str, dict[str, Move]] = defaultdict(dict)
    for move in moves:
        for instance in _instances(engine, move.source):
            found[instance["businessKey"] or instance["id"]][instance["id"]] = move
    return [Case(reference, instances) for reference, instances in sorted(found.items())]


def rehearse_cases(engine: Engine, cases: Sequence[Case], progress: Progress) -> list[RehearsedCase]:
    """Migrate each case in a transaction that the engine rolls back."""
    return list(progress(_rehearse(engine, cases), "rehearsing the migration", len(cases)))


def _rehearse(engine: Engine, cases: Sequence[Case]) -> Iterator[RehearsedCase]:
    for first in range(0, len(cases), BATCH_SIZE):
        batch = cases[first : first + BATCH_SIZE]
        moves = {move.source: move for case in batch for move in case.instances.values()}
        numbers = {source: number for number, source in enumerate(moves)}
        body = {
            "moves": [{"plan": move.plan, "variables": move.variables} for move in moves.values()],
            "cases": [{id: numbers[move.source] for id, move in case.instances.items()} for case in batch],
        }
        for case, outcome in zip(batch, engine.post("/coronacare/migration/rehearse", body), strict=True):
            reasons = [
                _describe_failure(case.instances[each["processInstanceId"]], each) for each in outcome["failures"]
            ]
            without = {id: tuple(names) for id, names in outcome["without"].items()}
            yield RehearsedCase(case, tuple(dict.fromkeys(reasons)), without)


def _describe_failure(move: Move, failure: dict[str, Any]) -> str:
    """Describe why an instance can't be migrated, with the names in the diagram."""
    step = failure["step"]
    at = f"{move.process}, at {move.old.describe(step)} ({step}): " if step else f"{move.process}: "
    if step in move.reasons:
        return at + move.reasons[step]
    return at + (NO_SUCH_STEP if failure["reason"] == UNMAPPED else failure["reason"])


def _instances(engine: Engine, definition: str) -> Iterator[dict[str, Any]]:
    query = {"processDefinitionId": definition, "sorting": [{"sortBy": "instanceId", "sortOrder": "asc"}]}
    first = 0
    while page := engine.post(f"/process-instance?firstResult={first}&maxResults={PAGE}", query):
        yield from page
        first += len(page)
