"""Messages to people that wait to be sent. A key is taken once: asking again for the same message adds none.

A message to a patient that can't be delivered is replaced by one by telephone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import peewee

from records.database import database
from records.erasures import is_erased
from records.queue import CLAIMED, LEASE, WAITING, Queued
from records.retries import RetrySchedule

SENT, REFUSED, GIVEN_UP = "sent", "refused", "given_up"
UNDELIVERED = (REFUSED, GIVEN_UP)
TELEPHONE = "telephone"
# ends the key of a message by telephone that replaces another
REPLACEMENT = "/telephone"


class Message(Queued):
    """One message; its key begins with the case reference, a slash behind it."""

    channel = peewee.TextField()
    recipient = peewee.TextField()
    template = peewee.TextField()
    language = peewee.TextField()

    @property
    def case_reference(self) -> str:
        return self.key.partition("/")[0]

    @property
    def is_replacement(self) -> bool:
        """Whether it replaces an undeliverable message; its recipient is the address that failed."""
        return self.key.endswith(REPLACEMENT)


class Outbox:
    """The messages.

    Args:
        lease: how long a message is claimed for; longer than sending one takes.
    """

    def __init__(self, lease: timedelta = LEASE):
        self._lease = lease

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

    def delete_older_than(self, age: timedelta) -> None:
        """Delete those that were sent or undeliverable so long ago; those that wait stay."""
        Message.delete_finished(age, SENT, *UNDELIVERED)

    def delete(self, case_reference: str) -> None:
        with database.connection_context():
            Message.delete().where(_of(case_reference)).execute()

    def claim(self, channel: str) -> Iterator[Message]:
        """Messages of a channel that are due, each claimed as it is yielded."""
        return Message.claim(self._lease, Message.channel == channel)

    def release(self, message: Message) -> None:
        """Its channel can't be reached: this wasn't an attempt."""
        message.release()

    def retry(self, message: Message, schedule: RetrySchedule) -> None:
        """It was refused for now; it is due again after a pause."""
        message.retry(schedule)

    def sent(self, message: Message) -> None:
        message.finish(SENT)

    def undelivered(self, message: Message, state: str, by_telephone: bool) -> None:
        """End the attempts.

        Args:
            state: REFUSED or GIVEN_UP.
            by_telephone: whether a call to the patient replaces it.
        """
        with database.connection_context(), database.atomic():
            message.finish(state)
            if by_telephone:
                self.add(message.key + REPLACEMENT, TELEPHONE, message.recipient, message.template, message.language)


def _of(case_reference: str) -> Any:
    return Message.key.startswith(f"{case_reference}/")
