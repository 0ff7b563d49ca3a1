"""Claims: whoever takes a key may act on it alone, until the claim runs out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import peewee

from records.database import Table, database
from records.queue import LEASE


class Claim(Table):
    key = peewee.TextField(unique=True)
    until = peewee.TextField()


class Claims:
    """The claims.

    Args:
        lease: how long a case is claimed for at most, while it is reopened or erased.
    """

    def __init__(self, lease: timedelta = LEASE):
        self._lease = lease

    @contextmanager
    def reopening(self, case_reference: str) -> Iterator[bool]:
        """Whether we alone may let an ended case go on, or see to it that it never does."""
        with self.held(f"{case_reference}/reopen", self._lease.total_seconds()) as ours:
            yield ours

    @contextmanager
    def held(self, key: str, for_s: float) -> Iterator[bool]:
        """Whether a key is ours, for so many seconds at most; False when somebody else has it."""
        until = _take(key, for_s)
        try:
            yield until is not None
        finally:
            if until is not None:
                _give_back(key, until)


def _take(key: str, for_s: float) -> str | None:
    """Take a key; returns until when, by which the claim is known to be ours."""
    now = datetime.now(UTC)
    until = (now + timedelta(seconds=for_s)).isoformat(timespec="microseconds")
    with database.connection_context():
        taken = Claim.insert(key=key, until=until).on_conflict(
            conflict_target=[Claim.key],
            update={Claim.until: until},
            where=Claim.until < now.isoformat(timespec="microseconds"),
        )
        return until if taken.as_rowcount().execute() == 1 else None


def _give_back(key: str, until: str) -> None:
    """Give a key back, unless the claim has run out and somebody else has it."""
    with database.connection_context():
        Claim.delete().where(Claim.key == key, Claim.until == until).execute()
