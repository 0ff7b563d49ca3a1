"""Leases: exclusive rights of a process to act on a key, until they expire."""

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


class Leases:
    """Leases on keys of any kind.

    Args:
        lease: maximum duration of the lease on a case while it is reopened or erased.
    """

    def __init__(self, lease: timedelta = LEASE):
        self._lease = lease

    @contextmanager
    def reopening(self, case_reference: str) -> Iterator[bool]:
        """Acquire the lease on reopening an ended case; yields False if another process holds it."""
        with self.acquire(f"{case_reference}/reopen", self._lease.total_seconds()) as is_acquired:
            yield is_acquired

    @contextmanager
    def acquire(self, key: str, duration_s: float) -> Iterator[bool]:
        """Acquire the lease on a key, for at most `duration_s` seconds; yields False if another process holds it."""
        until = _acquire_lease(key, duration_s)
        try:
            yield until is not None
        finally:
            if until is not None:
                _release_lease(key, until)


def _acquire_lease(key: str, duration_s: float) -> str | None:
    """Acquire a lease; returns its expiry, which identifies it, or None if another process holds it."""
    now = datetime.now(UTC)
    until = (now + timedelta(seconds=duration_s)).isoformat(timespec="microseconds")
    with database.connection_context():
        insert = Claim.insert(key=key, until=until).on_conflict(
            conflict_target=[Claim.key],
            update={Claim.until: until},
            where=Claim.until < now.isoformat(timespec="microseconds"),
        )
        return until if insert.as_rowcount().execute() == 1 else None


def _release_lease(key: str, until: str) -> None:
    """Release a lease, unless it has expired and another process holds the key."""
    with database.connection_context():
        Claim.delete().where(Claim.key == key, Claim.until == until).execute()
