"""Cases whose data are to be erased, and those that were: the line that is left of a case, without a name.

The reference stays, so that nothing that comes late brings the case back, and a restored backup can be brought up to
date.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import peewee

from records.database import database, empty_journal
from records.queue import LEASE, Queued, timestamp
from records.retries import RetrySchedule

ERASED = "erased"
PATIENT, OPERATOR = "patient", "operator"


class Erasure(Queued):
    """One case; its key is the case reference.

    Attributes:
        asked_by: the patient, or an operator in their name.
        changed_at: of an erased one, when it was.
        kept: whether the authority keeps what the law wants it to.
    """

    asked_by = peewee.TextField()
    asked_at = peewee.TextField()
    kept = peewee.BooleanField(null=True)


class Erasures:
    """The erasures.

    Args:
        lease: how long an erasure is claimed for.
    """

    def __init__(self, lease: timedelta = LEASE):
        self._lease = lease

    def ask(self, case_reference: str, asked_by: str) -> None:
        """Have a case erased as soon as it has ended; asked for again, it stays as it is."""
        with database.connection_context():
            Erasure.insert(key=case_reference, asked_by=asked_by, asked_at=timestamp()).on_conflict_ignore().execute()

    def find(self, case_reference: str) -> Erasure | None:
        with database.connection_context():
            return Erasure.get_or_none(Erasure.key == case_reference)

    def all(self) -> list[Erasure]:
        """Those that wait and those that are done, in the order in which they were asked for."""
        with database.connection_context():
            return list(Erasure.select().order_by(Erasure.asked_at))

    def claim(self) -> Iterator[Erasure]:
        return Erasure.claim(self._lease)

    def release(self, erasure: Erasure) -> None:
        """The engine can't be reached: this wasn't an attempt."""
        erasure.release()

    def retry(self, erasure: Erasure, schedule: RetrySchedule) -> None:
        """A store failed on it; it is due again after a pause."""
        erasure.retry(schedule)

    def defer(self, erasure: Erasure, schedule: RetrySchedule) -> None:
        """The case is in use; it is due again after a pause."""
        erasure.defer(schedule)

    def erased(self, erasure: Erasure, kept: bool) -> None:
        erasure.finish(ERASED, kept=kept)
        with database.connection_context():
            empty_journal()


def is_erased(case_reference: str) -> bool:
    """Whether nothing may be kept of this case any more."""
    with database.connection_context():
        return Erasure.select().where(Erasure.key == case_reference, Erasure.state == ERASED).exists()
