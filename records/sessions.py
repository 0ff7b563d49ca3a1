"""Store of browsers' sessions: encrypted, by a keyed hash of the session's id, deleted after a day.

The table is one of the records', because the workers delete the sessions of an erased case.
"""

from __future__ import annotations

from collections.abc import Callable
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

    def save(self, name: str, content: dict[str, Any]) -> None:
        """Insert or replace the content of a session.

        Args:
            name: the session's id: random, and known to the browser only.
        """
        encrypted, now = self._cipher.encrypt(content), timestamp()
        with database.connection_context():
            Session.insert(key=self._key(name), content=encrypted, changed_at=now).on_conflict(
                conflict_target=[Session.key], update={Session.content: encrypted, Session.changed_at: now}
            ).execute()

    def replace(self, name: str, content: dict[str, Any]) -> None:
        """Update the content of a session, unless it has ended."""
        encrypted = self._cipher.encrypt(content)
        with database.connection_context():
            Session.update(content=encrypted, changed_at=timestamp()).where(Session.key == self._key(name)).execute()

    def find(self, name: str) -> dict[str, Any] | None:
        with database.connection_context():
            row = Session.get_or_none(Session.key == self._key(name))
        return self._cipher.decrypt(row.content) if row else None

    def end(self, name: str) -> None:
        with database.connection_context():
            Session.delete().where(Session.key == self._key(name)).execute()

    def end_sessions_of_case(self, case_reference: str) -> None:
        """End the sessions that are signed in to this case."""
        self._end_sessions(lambda content: content.get("case") == case_reference)

    def end_sessions_of_person(self, name: str, value: str) -> int:
        """End the sessions of staff with this value among those of webapp/openid.py; returns their number."""
        return self._end_sessions(lambda content: content.get("person", {}).get(name) == value)

    def _end_sessions(self, is_ended: Callable[[dict[str, Any]], bool]) -> int:
        with database.connection_context():
            rows = list(Session.select())
            ended = [row.id for row in rows if is_ended(self._cipher.decrypt(row.content) or {})]
            return Session.delete().where(Session.id.in_(ended)).execute()

    def delete_older_than(self, age: timedelta) -> None:
        with database.connection_context():
            Session.delete().where(Session.changed_at < timestamp(-age)).execute()

    def _key(self, name: str) -> str:
        return self._cipher.fingerprint("session", name)
