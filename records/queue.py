"""Queues in database tables: each row is processed once by one of several processes, which claims it for a lease.

After a failed attempt a row has a later due time. If the process dies, its claim expires with the lease.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import peewee

from records.database import Table, database
from records.retries import RetrySchedule

WAITING, CLAIMED = "waiting", "claimed"
OPEN = (WAITING, CLAIMED)
# maximum of rows that one query reads
BATCH = 20
# longer than an attempt takes
LEASE = timedelta(minutes=2)


def timestamp(offset: timedelta = timedelta()) -> str:
    """Now plus an offset, as ISO 8601 text in UTC, which sorts by time."""
    return (datetime.now(UTC) + offset).isoformat(timespec="microseconds")


class Queued(Table):
    """A row of a queue; its key is unique.

    Attributes:
        attempts: number of claims, without those that an outage ended.
        due_at: earliest time of the next claim.
        waiting_since: since when the row could be processed; the metrics' age of the oldest row.
    """

    # peewee adds it
    id: peewee.AutoField
    key = peewee.TextField(unique=True)
    state = peewee.TextField(default=WAITING, index=True)
    changed_at = peewee.TextField(default=timestamp)
    # defaults of the database itself: a process of an older version inserts rows without these columns
    attempts = peewee.IntegerField(default=0, constraints=[peewee.SQL("DEFAULT 0")])
    due_at = peewee.TextField(default=timestamp, constraints=[peewee.SQL("DEFAULT ''")])
    waiting_since = peewee.TextField(default=timestamp, null=True)

    @classmethod
    def claim(cls, lease: timedelta, *conditions: Any) -> Iterator[Self]:
        """Return an iterator over due rows in the order of their due times; each is claimed when it is yielded.

        Args:
            lease: claims that are older have expired, and their rows are due.
            conditions: further conditions on the rows.
        """
        is_due = (cls.state == WAITING) & (cls.due_at <= timestamp())
        is_abandoned = (cls.state == CLAIMED) & (cls.changed_at < timestamp(-lease))
        with database.connection_context():
            due = cls.select().where(is_due | is_abandoned, *conditions)
            rows = list(due.order_by(cls.due_at, cls.id).limit(BATCH))
        return (row for row in rows if row._claim())

    @classmethod
    def claim_by_key(cls, key: str) -> Self | None:
        """Claim the waiting row with this key, due or not; returns None if it is claimed or finished."""
        with database.connection_context():
            row = cls.get_or_none((cls.key == key) & (cls.state == WAITING))
        return row if row and row._claim() else None

    @classmethod
    def delete_finished(cls, age: timedelta, *states: str) -> None:
        """Delete the rows that have been in one of these states for longer than `age`."""
        with database.connection_context():
            cls.delete().where(cls.state.in_(states), cls.changed_at < timestamp(-age)).execute()

    def finish(self, state: str, **more: Any) -> None:
        """End the claim with a final state."""
        self._update(state=state, **more)

    def release(self) -> None:
        """End the claim without counting an attempt: the target can't be reached."""
        self._update(state=WAITING, attempts=self.attempts - 1)

    def retry(self, schedule: RetrySchedule) -> None:
        """End the claim after a failed attempt: the row is due again after the schedule's next pause."""
        self._update(state=WAITING, due_at=timestamp(schedule.pause(self.attempts)))

    def defer(self, schedule: RetrySchedule) -> None:
        """End the claim of a row that can't be processed yet though nothing failed; resets its age."""
        self._update(state=WAITING, due_at=timestamp(schedule.pause(self.attempts)), waiting_since=timestamp())

    def _update(self, **columns: Any) -> None:
        model = type(self)
        with database.connection_context():
            model.update(changed_at=timestamp(), **columns).where(model.id == self.id).execute()

    def _claim(self) -> bool:
        """Claim the row; returns False if another process has claimed it since it was read."""
        model = type(self)
        is_unchanged = (model.state == self.state) & (model.changed_at == self.changed_at)
        self.attempts += 1
        claim = model.update(
            state=CLAIMED,
            changed_at=timestamp(),
            attempts=self.attempts,
            waiting_since=peewee.fn.COALESCE(model.waiting_since, model.changed_at),
        ).where(model.id == self.id, is_unchanged)
        with database.connection_context():
            return claim.execute() == 1
