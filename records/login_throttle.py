"""Rate limit of sign-in attempts, against guessing."""

from __future__ import annotations

from datetime import timedelta

import peewee

from records.cipher import Cipher
from records.database import Table, database
from records.queue import timestamp


class Attempt(Table):
    """Number of attempts since a time, by the keyed hash of their subject."""

    key = peewee.TextField(unique=True)
    count = peewee.IntegerField()
    since = peewee.TextField(index=True)


class LoginThrottle:
    """Counts attempts by subject: an access code, an address or an account; stores only its fingerprint."""

    def __init__(self, cipher: Cipher):
        self._cipher = cipher

    def allow(self, subject: str, limit: int, window: timedelta) -> bool:
        """Count an attempt; returns whether it is among the first `limit` of the window."""
        key, start = self._cipher.fingerprint("attempt", subject), timestamp(-window)
        with database.connection_context(), database.atomic():
            Attempt.delete().where(Attempt.since < timestamp(-timedelta(days=1))).execute()
            Attempt.delete().where((Attempt.key == key) & (Attempt.since < start)).execute()
            Attempt.insert(key=key, count=1, since=timestamp()).on_conflict(
                conflict_target=[Attempt.key], update={Attempt.count: Attempt.count + 1}
            ).execute()
            return Attempt.get(Attempt.key == key).count <= limit

    def refund(self, subject: str) -> None:
        """Discount one attempt that succeeded; earlier ones still count."""
        key = self._cipher.fingerprint("attempt", subject)
        with database.connection_context():
            Attempt.update(count=Attempt.count - 1).where(Attempt.key == key, Attempt.count > 0).execute()

    def reset(self, subject: str) -> None:
        """Delete all attempts, after one succeeded."""
        with database.connection_context():
            Attempt.delete().where(Attempt.key == self._cipher.fingerprint("attempt", subject)).execute()
