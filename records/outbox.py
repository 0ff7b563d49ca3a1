"""Messages to patients that wait to be sent. A key is taken once: asking again for the same message adds none."""

from __future__ import annotations

from datetime import UTC, datetime

import peewee

from records.database import Table, database

WAITING, SENT, REFUSED = "waiting", "sent", "refused"


class Message(Table):
    key = peewee.TextField(unique=True)
    recipient = peewee.TextField()
    template = peewee.TextField()
    state = peewee.TextField(default=WAITING, index=True)
    changed_at = peewee.TextField()


class Outbox:
    def add(self, key: str, recipient: str, template: str) -> None:
        """Keep a message until it is sent.

        Args:
            key: names the effect: case reference, step, occurrence.
            template: which text; the message itself holds nothing of the case.
        """
        with database.connection_context():
            Message.insert(
                key=key, recipient=recipient, template=template, changed_at=_now()
            ).on_conflict_ignore().execute()

    def waiting(self, most: int = 100) -> list[Message]:
        with database.connection_context():
            return list(Message.select().where(Message.state == WAITING).order_by(Message.id).limit(most))

    def sent(self, message: Message) -> None:
        self._set(message, SENT)

    def refused(self, message: Message) -> None:
        self._set(message, REFUSED)

    def _set(self, message: Message, state: str) -> None:
        with database.connection_context():
            Message.update(state=state, changed_at=_now()).where(Message.id == message.id).execute()


def _now() -> str:
    return datetime.now(UTC).isoformat()
