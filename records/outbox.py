"""Messages to people that wait to be sent. A key is taken once: asking again for the same message adds none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import peewee

from records.database import database
from records.erasures import is_erased
from records.queue import CLAIMED, WAITING, Queued, ago

SENT, REFUSED = "sent", "refused"


class Message(Queued):
    """One message; its key begins with the case reference, a slash behind it."""

    channel = peewee.TextField()
    recipient = peewee.TextField()
    template = peewee.TextField()
    language = peewee.TextField()

    @property
    def case_reference(self) -> str:
        return self.key.partition("/")[0]


class Outbox:
    def add(self, key: str, channel: str, recipient: str, template: str, language: str) -> None:
        """Keep a message until it is sent; none for a case that was erased.

        Args:
            key: names the effect: case reference, step, occurrence.
            channel: email, sms or telephone.
            recipient: an e-mail address or a telephone number.
            template: which text; the message itself holds nothing of the case.
        """
        if is_erased(key.partition("/")[0]):
            return
        with database.connection_context():
            Message.insert(
                key=key,
                channel=channel,
                recipient=recipient,
                template=template,
                language=language,
                changed_at=ago(),
            ).on_conflict_ignore().execute()

    def drop_waiting(self, case_reference: str) -> bool:
        """Let nothing that waits be sent any more; returns whether nothing is being sent just now either."""
        with database.connection_context():
            Message.delete().where(Message.state == WAITING, _of(case_reference)).execute()
            return not Message.select().where(Message.state == CLAIMED, _of(case_reference)).exists()

    def keys(self, case_reference: str, channel: str) -> list[str]:
        """Keys of a case's messages by this channel."""
        with database.connection_context():
            return [message.key for message in Message.select().where(Message.channel == channel, _of(case_reference))]

    def forget_older_than(self, age: timedelta) -> None:
        """Forget those that were sent or refused so long ago; what waits, waits."""
        Message.forget_done(age, SENT, REFUSED)

    def forget(self, case_reference: str) -> None:
        with database.connection_context():
            Message.delete().where(_of(case_reference)).execute()

    def claim(self) -> Iterator[Message]:
        """Messages to send, the oldest first; nobody else gets one that was taken until the claim runs out."""
        return Message.claim()

    def give_back(self, message: Message) -> None:
        """It couldn't be sent now; it goes behind the others."""
        message.becomes(WAITING)

    def sent(self, message: Message) -> None:
        message.becomes(SENT)

    def refused(self, message: Message) -> None:
        message.becomes(REFUSED)


def _of(case_reference: str) -> Any:
    return Message.key.startswith(f"{case_reference}/")
