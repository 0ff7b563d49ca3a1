"""Runs the engine's batches to their end, and shows how far they are."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from camunda7.engine import Engine
from camunda7.release.migration.cases import Progress
from camunda7.release.migration.moves import Move

AT_ONCE = 5000
EVERY_S = 0.2
Batch = dict[str, Any]


def move_all(engine: Engine, instances: Mapping[str, Move], progress: Progress) -> None:
    """Have the engine move process instances; of one that can't be, nothing is changed."""
    batches = [
        engine.post("/migration/executeAsync", {"migrationPlan": move.plan, "processInstanceIds": some})
        for move, ids in _by(instances)
        for some in _portions(ids)
    ]
    _run(engine, batches, "moved", progress)


def set_variables(engine: Engine, without: Mapping[str, tuple[Move, tuple[str, ...]]], progress: Progress) -> None:
    """Set what process instances lack, before they are moved: the engine looks at it while it moves them.

    Args:
        without: by instance, how it is moved, and the names of what it lacks.
    """
    batches = [
        engine.post(
            "/process-instance/variables-async",
            {"processInstanceIds": some, "variables": {name: move.variables[name] for name in names}},
        )
        for (move, names), ids in _by(without)
        for some in _portions(ids)
    ]
    _run(engine, batches, "given the variables that they lack", progress)


def _by(items: Mapping[str, Any]) -> Iterable[tuple[Any, list[str]]]:
    """Ids, by what they have in common."""
    found = defaultdict(list)
    for id, what in items.items():
        found[what].append(id)
    return found.items()


def _portions(ids: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(ids), AT_ONCE):
        yield ids[first : first + AT_ONCE]


def _run(engine: Engine, batches: Sequence[Batch], what: str, progress: Progress) -> None:
    if not batches:
        return
    for _ in progress(_done(engine, batches), what, _total(batches)):
        pass
    # what can't be done is tried no more
    for batch in batches:
        if _of(engine, batch):
            engine.delete(f"/batch/{batch['id']}?cascade=false")


def _done(engine: Engine, batches: Sequence[Batch]) -> Iterator[int]:
    """The number of each job as it is done, or can't be."""
    done, total = 0, _total(batches)
    while done < total:
        now = sum(_ended(engine, batch) for batch in batches)
        yield from range(done, now)
        done = now
        time.sleep(EVERY_S)


def _ended(engine: Engine, batch: Batch) -> int:
    """How many of its jobs are over; all, when the engine has it no more."""
    found = _of(engine, batch)
    return int(found[0]["completedJobs"] + found[0]["failedJobs"] if found else batch["totalJobs"])


def _of(engine: Engine, batch: Batch) -> list[Batch]:
    found: list[Batch] = engine.get("/batch/statistics", batchId=batch["id"])
    return found


def _total(batches: Sequence[Batch]) -> int:
    return sum(batch["totalJobs"] for batch in batches)
