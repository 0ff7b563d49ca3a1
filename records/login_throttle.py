"""Limits the rate of sign-in attempts, against guessing."""

from __future__ import annotations

from datetime import timedelta

import peewee

from records.cipher import Cipher
from records.database import Table, database
from records.queue import timestamp


class Attempt(Table):
    """Number of attempts since a time, by the keyed hash of what was attempted."""

    key = peewee.TextField(unique=True)
    count = peewee.IntegerField()
    since = peewee.TextField(index=True)


class LoginThrottle:
    """Counts attempts at an access code, an address or an account; keeps only its fingerprint."""

    def __init__(self, cipher: Cipher):
        self._cipher = cipher

    def allow(self, what: str, most: int, within: timedelta) -> bool:
        """Count an attempt; returns whether it is among the first `most` of the window `within`."""
        key, start = self._cipher.fingerprint("attempt", what), timestamp(-within)
        with database.connection_context(), database.atomic():
            Attempt.delete().where(Attempt.since < timestamp(-timedelta(days=1))).execute()
            Attempt.delete().where((Attempt.key == key) & (Attempt.since < start)).execute()
            Attempt.insert(key=key, count=1, since=timestamp()).on_conflict(
                conflict_target=[Attempt.key], update={Attempt.count: Attempt.count + 1}
            ).execute()
            return Attempt.get(Attempt.key == key).count <= most

    def refund(self, what: str) -> None:
        """Take back one attempt, which succeeded; those before it still count."""
        key = self._cipher.fingerprint("attempt", what)
        with database.connection_context():
            Attempt.update(count=Attempt.count - 1).where(Attempt.key == key, Attempt.count > 0).execute()

    def reset(self, what: str) -> None:
        """Delete all attempts, after one succeeded."""
        with database.connection_context():
            Attempt.delete().where(Attempt.key == self._cipher.fingerprint("attempt", what)).execute()
