"""Runs batches of the engine, and shows their progress."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from camunda7.engine import Engine
from camunda7.release.migration.cases import Progress
from camunda7.release.migration.moves import Move

BATCH_SIZE = 5000
EVERY_S = 0.2
Batch = dict[str, Any]


def move_all(engine: Engine, instances: Mapping[str, Move], progress: Progress) -> None:
    """Migrate process instances; each in a transaction, so that a failed one isn't changed."""
    batches = [
        engine.post("/migration/executeAsync", {"migrationPlan": move.plan, "processInstanceIds": chunk})
        for move, ids in _group(instances)
        for chunk in _chunks(ids)
    ]
    _run(engine, batches, "migrating", progress)


def set_variables(engine: Engine, without: Mapping[str, tuple[Move, tuple[str, ...]]], progress: Progress) -> None:
    """Set missing variables of process instances before their migration, which may evaluate them.

    Args:
        without: by instance, its move, and the names of the missing variables.
    """
    batches = [
        engine.post(
            "/process-instance/variables-async",
            {"processInstanceIds": chunk, "variables": {name: move.variables[name] for name in names}},
        )
        for (move, names), ids in _group(without)
        for chunk in _chunks(ids)
    ]
    _run(engine, batches, "setting variables", progress)


def _group(items: Mapping[str, Any]) -> Iterable[tuple[Any, list[str]]]:
    """Group ids by their value."""
    groups = defaultdict(list)
    for id, value in items.items():
        groups[value].append(id)
    return groups.items()


def _chunks(ids: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(ids), BATCH_SIZE):
        yield ids[first : first + BATCH_SIZE]


def _run(engine: Engine, batches: Sequence[Batch], label: str, progress: Progress) -> None:
    if not batches:
        return
    for _ in progress(_done(engine, batches), label, _total(batches)):
        pass
    # a batch with failed jobs isn't retried
    for batch in batches:
        if _read_statistics(engine, batch):
            engine.delete(f"/batch/{batch['id']}?cascade=false")


def _done(engine: Engine, batches: Sequence[Batch]) -> Iterator[int]:
    """Yield a number for each job that has completed or failed."""
    done, total = 0, _total(batches)
    while done < total:
        now = sum(_ended(engine, batch) for batch in batches)
        yield from range(done, now)
        done = now
        time.sleep(EVERY_S)


def _ended(engine: Engine, batch: Batch) -> int:
    """Return the number of a batch's completed and failed jobs; the engine deletes a completed batch."""
    rows = _read_statistics(engine, batch)
    return int(rows[0]["completedJobs"] + rows[0]["failedJobs"] if rows else batch["totalJobs"])


def _read_statistics(engine: Engine, batch: Batch) -> list[Batch]:
    rows: list[Batch] = engine.get("/batch/statistics", batchId=batch["id"])
    return rows


def _total(batches: Sequence[Batch]) -> int:
    return sum(batch["totalJobs"] for batch in batches)
