"""`make migrate`: cases that can be moved are, each as a whole; others go on under the version they began with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from camunda7.engine import Engine
from camunda7.release.hints import Hints
from camunda7.release.migration.batches import move_all, set_variables
from camunda7.release.migration.cases import Case, Progress, Rehearsed, cases_of, rehearsed
from camunda7.release.migration.moves import moves_of

# cases go on while they are moved, and call processes of the older version; then they are looked at again
ROUNDS = 3


@dataclass(frozen=True)
class Left:
    """The cases that an older version still has.

    Attributes:
        movable: those that could be moved.
        staying: those that can't, and why.
    """

    movable: list[Rehearsed]
    staying: list[Rehearsed]


def rehearse_migration(
    engine: Engine, deployment: str, hints: Mapping[str, Hints], say: Callable[[str], None], progress: Progress
) -> Left:
    """What would become of each open case of an older version. Nothing is changed.

    Args:
        deployment: the name of the deployments, of which the last one has the newest versions.
        hints: what people say of it, by process.
        progress: hands on what it is given, and shows how many of so many there were.

    Raises:
        MigrationRefused: the engine can't follow a plan.
    """
    left = _left(engine, deployment, hints, progress)
    _tell(left, say)
    return left


def migrate(
    engine: Engine, deployment: str, hints: Mapping[str, Hints], say: Callable[[str], None], progress: Progress
) -> bool:
    """Bring open cases to the newest version; returns whether all that could come along did.

    Raises:
        MigrationRefused: the engine can't follow a plan; nothing was moved.
    """
    left = rehearse_migration(engine, deployment, hints, say, progress)
    wanted = {each.case.reference for each in left.movable}
    for _ in range(ROUNDS):
        if not left.movable:
            break
        _move(engine, left.movable, progress)
        left = _left(engine, deployment, hints, progress)
    behind = {each.case.reference for each in (*left.movable, *left.staying)}
    say(f"{_cases(len(wanted - behind))} moved, or ended meanwhile; {_cases(len(behind))} under an older version")
    for each in left.staying:
        if each.case.reference in wanted:
            say(f"  went on before it could be moved: {_why(each)}")
    for each in left.movable:
        say(f"  {each.case.reference} was not moved, and could be: try again")
    return not left.movable


def _left(engine: Engine, deployment: str, hints: Mapping[str, Hints], progress: Progress) -> Left:
    cases: Sequence[Case] = cases_of(engine, moves_of(engine, deployment, hints))
    found = rehearsed(engine, cases, progress) if cases else []
    return Left([each for each in found if not each.reasons], [each for each in found if each.reasons])


def _move(engine: Engine, movable: Sequence[Rehearsed], progress: Progress) -> None:
    lacking = {
        instance: (each.case.instances[instance], names) for each in movable for instance, names in each.without.items()
    }
    set_variables(engine, lacking, progress)
    move_all(engine, {id: move for each in movable for id, move in each.case.instances.items()}, progress)


def _tell(left: Left, say: Callable[[str], None]) -> None:
    if not left.movable and not left.staying:
        say("all open cases are at the newest version")
        return
    say(f"{_cases(len(left.movable))} can come to the newest version, {len(left.staying)} stay under theirs")
    for each in left.staying:
        say(f"  {_why(each)}")


def _why(rehearsed: Rehearsed) -> str:
    return f"{rehearsed.case.reference}: {'; '.join(rehearsed.reasons)}"


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"
