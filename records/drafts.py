"""Drafts: what was typed into a form that hasn't been sent yet. Encrypted, and kept for some days only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import peewee

from records.cipher import Cipher
from records.database import Table, database
from records.queue import timestamp


class Draft(Table):
    owner = peewee.TextField(unique=True)
    content = peewee.TextField()
    changed_at = peewee.TextField(index=True)


class Drafts:
    """The drafts, each under the name of its owner: a case and a form, or a browser's session."""

    def __init__(self, cipher: Cipher):
        self._cipher = cipher

    def keep(self, owner: str, content: Any) -> None:
        """Keep what JSON knows, in place of what was kept before."""
        sealed, now = self._cipher.encrypt(content), timestamp()
        with database.connection_context():
            Draft.insert(owner=owner, content=sealed, changed_at=now).on_conflict(
                conflict_target=[Draft.owner], update={Draft.content: sealed, Draft.changed_at: now}
            ).execute()

    def replace(self, owner: str, content: Any, version: str) -> bool:
        """Keep what JSON knows in place of the version that was read; False when that is no longer the newest."""
        with database.connection_context():
            changed = Draft.update(content=self._cipher.encrypt(content), changed_at=timestamp()).where(
                Draft.owner == owner, Draft.changed_at == version
            )
            return changed.execute() == 1

    def find(self, owner: str) -> Any:
        """What is kept; None when there is nothing."""
        return self.find_version(owner)[0]

    def find_version(self, owner: str) -> tuple[Any, str]:
        """What is kept, and its version; None and an empty text when there is nothing."""
        with database.connection_context():
            row = Draft.get_or_none(Draft.owner == owner)
        return (self._cipher.decrypt(row.content), row.changed_at) if row else (None, "")

    def delete(self, case_reference: str) -> None:
        """Forget what was typed into the forms of a case."""
        with database.connection_context():
            Draft.delete().where(Draft.owner.startswith(f"{case_reference}/")).execute()

    def delete_older_than(self, age: timedelta) -> None:
        with database.connection_context():
            Draft.delete().where(Draft.changed_at < timestamp(-age)).execute()
