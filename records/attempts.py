"""Counts attempts, so that nobody can go on guessing."""

from __future__ import annotations

from datetime import timedelta

import peewee

from records.database import Table, database
from records.queue import ago
from records.seal import Seal


class Attempt(Table):
    """So many attempts since then, at what has this keyed hash."""

    key = peewee.TextField(unique=True)
    count = peewee.IntegerField()
    since = peewee.TextField(index=True)


class Attempts:
    def __init__(self, seal: Seal):
        self._seal = seal

    def take(self, what: str, most: int, within: timedelta) -> bool:
        """Count an attempt; False when there were too many already, until the span is over.

        Args:
            what: an address, a code: kept as a hash.
        """
        key, start = self._seal.mark("attempt", what), ago(within)
        with database.connection_context(), database.atomic():
            Attempt.delete().where(Attempt.since < ago(timedelta(days=1))).execute()
            Attempt.delete().where((Attempt.key == key) & (Attempt.since < start)).execute()
            Attempt.insert(key=key, count=1, since=ago()).on_conflict(
                conflict_target=[Attempt.key], update={Attempt.count: Attempt.count + 1}
            ).execute()
            return Attempt.get(Attempt.key == key).count <= most

    def give_back(self, what: str) -> None:
        """This attempt was right; those before it still count."""
        key = self._seal.mark("attempt", what)
        with database.connection_context():
            Attempt.update(count=Attempt.count - 1).where(Attempt.key == key, Attempt.count > 0).execute()

    def forget(self, what: str) -> None:
        """What was attempted was right."""
        with database.connection_context():
            Attempt.delete().where(Attempt.key == self._seal.mark("attempt", what)).execute()
