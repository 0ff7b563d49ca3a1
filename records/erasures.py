"""Cases whose data are to be erased, and those that were: the line that is left of a case, without a name.

The reference stays, so that nothing that comes late brings the case back, and a restored backup can be brought up to
date.
"""

from __future__ import annotations

from collections.abc import Iterator

import peewee

from records.database import database, empty_journal
from records.queue import WAITING, Queued, ago

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
    def ask(self, case_reference: str, asked_by: str) -> None:
        """Have a case erased as soon as it has ended; asked for again, it stays as it is."""
        now = ago()
        with database.connection_context():
            Erasure.insert(
                key=case_reference, asked_by=asked_by, asked_at=now, changed_at=now
            ).on_conflict_ignore().execute()

    def find(self, case_reference: str) -> Erasure | None:
        with database.connection_context():
            return Erasure.get_or_none(Erasure.key == case_reference)

    def all(self) -> list[Erasure]:
        """Those that wait and those that are done, in the order in which they were asked for."""
        with database.connection_context():
            return list(Erasure.select().order_by(Erasure.asked_at))

    def claim(self) -> Iterator[Erasure]:
        return Erasure.claim()

    def give_back(self, erasure: Erasure) -> None:
        """It can't be done yet; it goes behind the others."""
        erasure.becomes(WAITING)

    def erased(self, erasure: Erasure, kept: bool) -> None:
        erasure.becomes(ERASED, kept=kept)
        with database.connection_context():
            empty_journal()


def is_erased(case_reference: str) -> bool:
    """Whether nothing may be kept of this case any more."""
    with database.connection_context():
        return Erasure.select().where(Erasure.key == case_reference, Erasure.state == ERASED).exists()
