"""Messages to people that wait to be sent. A key is taken once: asking again for the same message adds none.

A message is claimed before it is sent, so that several senders don't send it twice. A claim whose sender has died runs
out.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import peewee

from records.database import Table, database

WAITING, CLAIMED, SENT, REFUSED = "waiting", "claimed", "sent", "refused"
CLAIM = timedelta(minutes=2)


class Message(Table):
    """One message; its key begins with the case reference, a slash behind it."""

    key = peewee.TextField(unique=True)
    channel = peewee.TextField()
    recipient = peewee.TextField()
    template = peewee.TextField()
    language = peewee.TextField()
    state = peewee.TextField(default=WAITING, index=True)
    changed_at = peewee.TextField()

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
                changed_at=_ago(),
            ).on_conflict_ignore().execute()

    def claim(self, most: int = 20) -> list[Message]:
        """Messages to send, the oldest first; nobody else gets them until the claim runs out."""
        run_out = (Message.state == CLAIMED) & (Message.changed_at < _ago(CLAIM))
        with database.connection_context():
            waiting = Message.select().where((Message.state == WAITING) | run_out)
            # read to the end first: SQLite lets nobody write from within a reading that others have overtaken
            found = list(waiting.order_by(Message.changed_at, Message.id).limit(most))
            return [message for message in found if self._claimed(message)]

    def give_back(self, message: Message) -> None:
        """It couldn't be sent now; it goes behind the others."""
        self._set(message, WAITING)

    def sent(self, message: Message) -> None:
        self._set(message, SENT)

    def refused(self, message: Message) -> None:
        self._set(message, REFUSED)

    def _claimed(self, message: Message) -> bool:
        """Claim it, unless another sender was faster."""
        as_found = (Message.state == message.state) & (Message.changed_at == message.changed_at)
        claim = Message.update(state=CLAIMED, changed_at=_ago()).where(Message.id == message.id, as_found)
        return claim.execute() == 1

    def _set(self, message: Message, state: str) -> None:
        with database.connection_context():
            Message.update(state=state, changed_at=_ago()).where(Message.id == message.id).execute()


def _ago(span: timedelta = timedelta()) -> str:
    """A moment so long ago, as text that sorts as the moments do."""
    return (datetime.now(UTC) - span).isoformat(timespec="microseconds")
