"""`make migrate`: migrates each case that can be migrated as a whole; others stay on their version."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from camunda7.engine import Engine
from camunda7.release.hints import Hints
from camunda7.release.migration.batches import move_all, set_variables
from camunda7.release.migration.cases import Case, Progress, RehearsedCase, list_cases, rehearse_cases
from camunda7.release.migration.moves import plan_moves

# running cases may call processes of the older version during the migration, which the next round finds
ROUNDS = 3


@dataclass(frozen=True)
class RemainingCases:
    """Cases of older versions.

    Attributes:
        movable: cases that can be migrated.
        blocked: cases that can't, with the reasons.
    """

    movable: list[RehearsedCase]
    blocked: list[RehearsedCase]


def rehearse_migration(
    engine: Engine, deployment: str, hints: Mapping[str, Hints], say: Callable[[str], None], progress: Progress
) -> RemainingCases:
    """Rehearse the migration of all running cases of older versions, and print the result; changes nothing.

    Args:
        deployment: name of the deployments, the latest of which has the latest versions.
        hints: migration hints, by process.
        say: prints a line.
        progress: wraps an iteration, given its label and length, to show the progress.

    Raises:
        MigrationRefused: a migration plan is invalid.
    """
    remaining = _rehearse_remaining(engine, deployment, hints, progress)
    _report(remaining, say)
    return remaining


def migrate(
    engine: Engine, deployment: str, hints: Mapping[str, Hints], say: Callable[[str], None], progress: Progress
) -> bool:
    """Migrate running cases to the latest version; returns whether all were that can be.

    Arguments as for rehearse_migration().

    Raises:
        MigrationRefused: a migration plan is invalid; nothing was migrated.
    """
    remaining = rehearse_migration(engine, deployment, hints, say, progress)
    movable = {each.case.reference for each in remaining.movable}
    for _ in range(ROUNDS):
        if not remaining.movable:
            break
        _move(engine, remaining.movable, progress)
        remaining = _rehearse_remaining(engine, deployment, hints, progress)
    older = {each.case.reference for each in (*remaining.movable, *remaining.blocked)}
    say(f"{_cases(len(movable - older))} migrated or ended; {_cases(len(older))} on an older version")
    for each in remaining.blocked:
        if each.case.reference in movable:
            say(f"  reached another step before its migration: {_format_reasons(each)}")
    for each in remaining.movable:
        say(f"  {each.case.reference} wasn't migrated, though it can be: run the migration again")
    return not remaining.movable


def _rehearse_remaining(
    engine: Engine, deployment: str, hints: Mapping[str, Hints], progress: Progress
) -> RemainingCases:
    cases: Sequence[Case] = list_cases(engine, plan_moves(engine, deployment, hints))
    rehearsed = rehearse_cases(engine, cases, progress) if cases else []
    return RemainingCases(
        [each for each in rehearsed if not each.reasons], [each for each in rehearsed if each.reasons]
    )


def _move(engine: Engine, movable: Sequence[RehearsedCase], progress: Progress) -> None:
    missing = {
        instance: (each.case.instances[instance], names) for each in movable for instance, names in each.without.items()
    }
    set_variables(engine, missing, progress)
    move_all(engine, {id: move for each in movable for id, move in each.case.instances.items()}, progress)


def _report(remaining: RemainingCases, say: Callable[[str], None]) -> None:
    if not remaining.movable and not remaining.blocked:
        say("all running cases are on the latest version")
        return
    say(f"{_cases(len(remaining.movable))} can be migrated to the latest version, {len(remaining.blocked)} can't")
    for each in remaining.blocked:
        say(f"  {_format_reasons(each)}")


def _format_reasons(rehearsed: RehearsedCase) -> str:
    return f"{rehearsed.case.reference}: {'; '.join(rehearsed.reasons)}"


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"
