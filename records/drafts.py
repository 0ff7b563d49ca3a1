"""Drafts: encrypted answers of forms that patients haven't sent yet, deleted after some days."""

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
    """Store of drafts by owner: a case and a form, or a browser's session."""

    def __init__(self, cipher: Cipher):
        self._cipher = cipher

    def save(self, owner: str, content: Any) -> None:
        """Insert or replace the draft of an owner; the content is a JSON value."""
        encrypted, now = self._cipher.encrypt(content), timestamp()
        with database.connection_context():
            Draft.insert(owner=owner, content=encrypted, changed_at=now).on_conflict(
                conflict_target=[Draft.owner], update={Draft.content: encrypted, Draft.changed_at: now}
            ).execute()

    def replace(self, owner: str, content: Any, version: str) -> bool:
        """Replace a version of a draft; returns False if it isn't the current one (optimistic locking)."""
        with database.connection_context():
            changed = Draft.update(content=self._cipher.encrypt(content), changed_at=timestamp()).where(
                Draft.owner == owner, Draft.changed_at == version
            )
            return changed.execute() == 1

    def find(self, owner: str) -> Any:
        """Return the draft's content, or None."""
        return self.find_with_version(owner)[0]

    def find_with_version(self, owner: str) -> tuple[Any, str]:
        """Return the draft's content and version; None and an empty text if there is no draft."""
        with database.connection_context():
            row = Draft.get_or_none(Draft.owner == owner)
        return (self._cipher.decrypt(row.content), row.changed_at) if row else (None, "")

    def delete(self, case_reference: str) -> None:
        """Delete the drafts of a case."""
        with database.connection_context():
            Draft.delete().where(Draft.owner.startswith(f"{case_reference}/")).execute()

    def delete_older_than(self, age: timedelta) -> None:
        with database.connection_context():
            Draft.delete().where(Draft.changed_at < timestamp(-age)).execute()
