"""Rows that wait for something to be done with them, once. Several may work on them: a row is claimed before.

A claim whose holder has died runs out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self

import peewee

from records.database import Table, database

WAITING, CLAIMED = "waiting", "claimed"
# so many are looked for at a time
AT_ONCE = 20


class Queued(Table):
    """A row that waits; its key names it once and for all: adding it again adds none.

    Attributes:
        claim_lasts: longer than anybody works on a row.
    """

    claim_lasts: ClassVar[timedelta] = timedelta(minutes=2)
    key = peewee.TextField(unique=True)
    state = peewee.TextField(default=WAITING, index=True)
    changed_at = peewee.TextField()

    @classmethod
    def claim(cls) -> Iterator[Self]:
        """Rows to work on, the oldest first. Each is claimed as it is taken, and nobody else gets it until the claim
        runs out.
        """
        run_out = (cls.state == CLAIMED) & (cls.changed_at < ago(cls.claim_lasts))
        with database.connection_context():
            waiting = cls.select().where((cls.state == WAITING) | run_out)
            found = list(waiting.order_by(cls.changed_at, cls.id).limit(AT_ONCE))
        return (row for row in found if row._claimed())

    @classmethod
    def claim_one(cls, key: str) -> Self | None:
        """The waiting row with this key, claimed; None when somebody else has it, or it is done."""
        with database.connection_context():
            row = cls.get_or_none((cls.key == key) & (cls.state == WAITING))
        return row if row and row._claimed() else None

    @classmethod
    def forget_done(cls, age: timedelta, *outcomes: str) -> None:
        """Forget the rows that ended so, and so long ago."""
        with database.connection_context():
            cls.delete().where(cls.state.in_(outcomes), cls.changed_at < ago(age)).execute()

    def becomes(self, state: str, **more: Any) -> None:
        """End the claim: with its outcome, or back to waiting, behind the others."""
        model = type(self)
        with database.connection_context():
            model.update(state=state, changed_at=ago(), **more).where(model.id == self.id).execute()

    def _claimed(self) -> bool:
        """Claim it, unless somebody else was faster."""
        model = type(self)
        as_found = (model.state == self.state) & (model.changed_at == self.changed_at)
        claim = model.update(state=CLAIMED, changed_at=ago()).where(model.id == self.id, as_found)
        with database.connection_context():
            return claim.execute() == 1


def ago(span: timedelta = timedelta()) -> str:
    """A moment so long ago, as text that sorts as the moments do."""
    return (datetime.now(UTC) - span).isoformat(timespec="microseconds")
