"""Queue and log of erasures: one row per case, which names no person.

The row of an erased case stays, so that late writes for its reference are refused. A list outside the database has it,
too: hosting/erased_cases.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import peewee

from hosting.erased_cases import ErasedCases
from records.database import database, truncate_journal
from records.queue import LEASE, Queued, timestamp
from records.retries import RetrySchedule

ERASED = "erased"
# RESTORE: it was completed before, and the database was restored from an older backup
PATIENT, OPERATOR, RESTORE = "patient", "operator", "restore"


class Erasure(Queued):
    """Erasure of one case; its key is the case reference.

    Attributes:
        asked_by: PATIENT, OPERATOR or RESTORE.
        changed_at: for an erased case, when it was erased.
        kept: whether the health authority keeps data that the law requires.
    """

    asked_by = peewee.TextField()
    asked_at = peewee.TextField()
    kept = peewee.BooleanField(null=True)


class Erasures:
    """The queue of erasures.

    Args:
        lease: duration of the lease on a claimed erasure.
        erased_cases: list to which completed erasures are added.
    """

    def __init__(self, lease: timedelta = LEASE, erased_cases: ErasedCases | None = None):
        self._lease = lease
        self._erased_cases = erased_cases

    def request(self, case_reference: str, asked_by: str) -> None:
        """Request the erasure of a case, for when it has ended; a second request has no effect."""
        with database.connection_context():
            Erasure.insert(key=case_reference, asked_by=asked_by, asked_at=timestamp()).on_conflict_ignore().execute()

    def find(self, case_reference: str) -> Erasure | None:
        with database.connection_context():
            return Erasure.get_or_none(Erasure.key == case_reference)

    def all(self) -> list[Erasure]:
        """Return waiting and completed erasures in the order of their requests."""
        with database.connection_context():
            return list(Erasure.select().order_by(Erasure.asked_at))

    def claim(self) -> Iterator[Erasure]:
        return Erasure.claim(self._lease)

    def release(self, erasure: Erasure) -> None:
        """Release the claim without counting an attempt: the engine can't be reached."""
        erasure.release()

    def retry(self, erasure: Erasure, schedule: RetrySchedule) -> None:
        """Make the erasure due after a pause: a service failed to delete its data."""
        erasure.retry(schedule)

    def defer(self, erasure: Erasure, schedule: RetrySchedule) -> None:
        """Make the erasure due after a pause: the case hasn't ended."""
        erasure.defer(schedule)

    def complete(self, erasure: Erasure, kept: bool) -> None:
        if self._erased_cases:
            self._erased_cases.add(erasure.key)
        erasure.finish(ERASED, kept=kept)
        with database.connection_context():
            truncate_journal()


def is_erased(case_reference: str) -> bool:
    """Whether the case was erased, so that nothing of it may be stored."""
    with database.connection_context():
        return Erasure.select().where(Erasure.key == case_reference, Erasure.state == ERASED).exists()
