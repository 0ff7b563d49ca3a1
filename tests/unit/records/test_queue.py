"""The loop over a queue: an error of one row postpones that row, an outage is raised and counts as no attempt."""

from __future__ import annotations

from collections.abc import Callable

import peewee
import pytest

from records.processing import process_each


class OutageError(Exception):
    pass


class QueueRun:
    """One run over the rows 1 to 4, some of which raise."""

    def __init__(self, **errors: Exception):
        self._errors = errors
        self.yielded: list[tuple[int, bool]] = []
        self.postponed: list[int] = []
        self.released: list[int] = []

    def run(self, postpone: Callable[[int, Exception], None] | None = None) -> None:
        rows = process_each(
            range(1, 5),
            self._process,
            postpone or self._postpone,
            (OutageError,),
            lambda row: self.released.append(row),
        )
        for each in rows:
            self.yielded.append(each)

    def _process(self, row: int) -> bool:
        if error := self._errors.get(f"row_{row}"):
            raise error
        return row != 4

    def _postpone(self, row: int, error: Exception) -> None:
        self.postponed.append(row)


def test_an_error_of_a_row_postpones_it_and_blocks_no_other() -> None:
    queue_run = QueueRun(row_2=KeyError())
    queue_run.run()
    assert queue_run.yielded == [(1, True), (2, False), (3, True), (4, False)]
    assert (queue_run.postponed, queue_run.released) == ([2], [])


def test_an_outage_releases_its_row_and_ends_the_run() -> None:
    queue_run = QueueRun(row_2=OutageError())
    with pytest.raises(OutageError):
        queue_run.run()
    assert queue_run.yielded == [(1, True)]
    assert (queue_run.postponed, queue_run.released) == ([], [2])


@pytest.mark.parametrize("error", [peewee.OperationalError, peewee.InterfaceError])
def test_an_error_of_the_database_is_raised_without_writing_to_it(error: type[Exception]) -> None:
    queue_run = QueueRun(row_2=error())
    with pytest.raises(error):
        queue_run.run()
    assert (queue_run.postponed, queue_run.released) == ([], [])


def test_postpone_may_raise_and_end_the_run() -> None:
    def end(row: int, error: Exception) -> None:
        raise error

    queue_run = QueueRun(row_2=KeyError())
    with pytest.raises(KeyError):
        queue_run.run(end)
    assert (queue_run.yielded, queue_run.released) == ([(1, True)], [])
