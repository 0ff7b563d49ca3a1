"""Messages to people that wait to be sent. A key is taken once: asking again for the same message adds none."""

from __future__ import annotations

import peewee

from records.database import database
from records.queue import WAITING, Queued, ago

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
        """Keep a message until it is sent.

        Args:
            key: names the effect: case reference, step, occurrence.
            channel: email, sms or telephone.
            recipient: an e-mail address or a telephone number.
            template: which text; the message itself holds nothing of the case.
        """
        with database.connection_context():
            Message.insert(
                key=key,
                channel=channel,
                recipient=recipient,
                template=template,
                language=language,
                changed_at=ago(),
            ).on_conflict_ignore().execute()

    def claim(self, most: int = 20) -> list[Message]:
        """Messages to send, the oldest first; nobody else gets them until the claim runs out."""
        return Message.claim(most)

    def give_back(self, message: Message) -> None:
        """It couldn't be sent now; it goes behind the others."""
        message.becomes(WAITING)

    def sent(self, message: Message) -> None:
        message.becomes(SENT)

    def refused(self, message: Message) -> None:
        message.becomes(REFUSED)
