"""Browsers' sessions: what each may open. Kept under a keyed hash of its name, encrypted, and for a day only.

The web application opens them. The table is one of the records', for the workers erase the sessions of a case.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import peewee

from records.cipher import Cipher
from records.database import Table, database
from records.queue import timestamp


class Session(Table):
    # peewee adds it
    id: peewee.AutoField
    key = peewee.TextField(unique=True)
    content = peewee.TextField()
    changed_at = peewee.TextField(index=True)


class Sessions:
    def __init__(self, cipher: Cipher):
        self._cipher = cipher

    def keep(self, name: str, content: dict[str, Any]) -> None:
        """Keep what a session knows, in place of what was kept before.

        Args:
            name: random; only the browser knows it.
        """
        sealed, now = self._cipher.encrypt(content), timestamp()
        with database.connection_context():
            Session.insert(key=self._key(name), content=sealed, changed_at=now).on_conflict(
                conflict_target=[Session.key], update={Session.content: sealed, Session.changed_at: now}
            ).execute()

    def replace(self, name: str, content: dict[str, Any]) -> None:
        """Keep what a session knows now; one that has ended stays ended."""
        sealed = self._cipher.encrypt(content)
        with database.connection_context():
            Session.update(content=sealed, changed_at=timestamp()).where(Session.key == self._key(name)).execute()

    def find(self, name: str) -> dict[str, Any] | None:
        with database.connection_context():
            row = Session.get_or_none(Session.key == self._key(name))
        return self._cipher.decrypt(row.content) if row else None

    def end(self, name: str) -> None:
        with database.connection_context():
            Session.delete().where(Session.key == self._key(name)).execute()

    def end_of_case(self, case_reference: str) -> None:
        """End each session that may open this case."""
        with database.connection_context():
            rows = list(Session.select())
            ended = [row.id for row in rows if (self._cipher.decrypt(row.content) or {}).get("case") == case_reference]
            Session.delete().where(Session.id.in_(ended)).execute()

    def delete_older_than(self, age: timedelta) -> None:
        with database.connection_context():
            Session.delete().where(Session.changed_at < timestamp(-age)).execute()

    def _key(self, name: str) -> str:
        return self._cipher.fingerprint("session", name)
