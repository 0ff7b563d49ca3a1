"""The loop over a queue: an error of one row postpones that row, an outage is raised and counts as no attempt."""

from __future__ import annotations

from collections.abc import Callable

import peewee
import pytest

from records.queue import process_each


class Away(Exception):
    pass


class Turn:
    """One turn over the rows 1 to 4, of which some raise."""

    def __init__(self, **errors: Exception):
        self._errors = errors
        self.yielded: list[tuple[int, bool]] = []
        self.postponed: list[int] = []
        self.released: list[int] = []

    def run(self, postpone: Callable[[int, Exception], None] | None = None) -> None:
        rows = process_each(
            range(1, 5), self._process, postpone or self._postpone, (Away,), lambda row: self.released.append(row)
        )
        for each in rows:
            self.yielded.append(each)

    def _process(self, row: int) -> bool:
        if error := self._errors.get(f"row_{row}"):
            raise error
        return row != 4

    def _postpone(self, row: int, error: Exception) -> None:
        self.postponed.append(row)


def test_an_error_of_one_row_holds_up_no_other() -> None:
    turn = Turn(row_2=KeyError())
    turn.run()
    assert turn.yielded == [(1, True), (2, False), (3, True), (4, False)]
    assert (turn.postponed, turn.released) == ([2], [])


def test_an_outage_releases_its_row_and_leaves_the_others() -> None:
    turn = Turn(row_2=Away())
    with pytest.raises(Away):
        turn.run()
    assert turn.yielded == [(1, True)]
    assert (turn.postponed, turn.released) == ([], [2])


@pytest.mark.parametrize("error", [peewee.OperationalError, peewee.InterfaceError])
def test_while_the_database_is_away_nothing_is_written_to_it(error: type[Exception]) -> None:
    turn = Turn(row_2=error())
    with pytest.raises(error):
        turn.run()
    assert (turn.postponed, turn.released) == ([], [])


def test_an_error_may_end_the_turn() -> None:
    def end(row: int, error: Exception) -> None:
        raise error

    turn = Turn(row_2=KeyError())
    with pytest.raises(KeyError):
        turn.run(end)
    assert (turn.yielded, turn.released) == ([(1, True)], [])
