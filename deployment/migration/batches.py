"""Runs the engine's batches to their end, and shows how far they are."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from deployment.migration.cases import Progress
from deployment.migration.moves import Move
from processes.engine import Engine

AT_ONCE = 5000
EVERY_S = 0.2


def move_all(engine: Engine, instances: Mapping[str, Move], progress: Progress) -> None:
    """Have the engine move process instances; of one that can't be, nothing is changed."""
    for move, ids in _by(instances):
        what = f"{move.process}, from version {move.version}"
        for some in _portions(ids):
            body = {"migrationPlan": move.plan, "processInstanceIds": some}
            _run(engine, engine.post("/migration/executeAsync", body), what, progress)


def set_variables(engine: Engine, without: Mapping[str, tuple[Move, tuple[str, ...]]], progress: Progress) -> None:
    """Set what process instances lack, before they are moved: the engine looks at it while it moves them.

    Args:
        without: by instance, how it is moved, and the names of what it lacks.
    """
    for (move, names), ids in _by(without):
        for some in _portions(ids):
            body = {"processInstanceIds": some, "variables": {name: move.variables[name] for name in names}}
            batch = engine.post("/process-instance/variables-async", body)
            _run(engine, batch, f"{move.process}: {', '.join(names)}", progress)


def _by(items: Mapping[str, Any]) -> Iterable[tuple[Any, list[str]]]:
    """Ids, by what they have in common."""
    found = defaultdict(list)
    for id, what in items.items():
        found[what].append(id)
    return found.items()


def _portions(ids: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(ids), AT_ONCE):
        yield ids[first : first + AT_ONCE]


def _run(engine: Engine, batch: dict[str, Any], what: str, progress: Progress) -> None:
    for _ in progress(_done(engine, batch), what, batch["totalJobs"]):
        pass
    # what can't be done is tried no more
    if engine.get("/batch/statistics", batchId=batch["id"]):
        engine.delete(f"/batch/{batch['id']}?cascade=false")


def _done(engine: Engine, batch: dict[str, Any]) -> Iterator[int]:
    """The number of each part as it is done, or can't be."""
    done = 0
    while done < batch["totalJobs"]:
        found = engine.get("/batch/statistics", batchId=batch["id"])
        now = found[0]["completedJobs"] + found[0]["failedJobs"] if found else batch["totalJobs"]
        yield from range(done, now)
        done = now
        time.sleep(EVERY_S)
