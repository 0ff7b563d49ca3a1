"""Queue of messages to people. Keys are unique: adding a message a second time has no effect.

An undeliverable message to a patient becomes a message by telephone: a call that the contact tracers make.
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
# waits for an operator after a restore: records/restoration.py
HELD = "held"
TELEPHONE = "telephone"
# suffix of the key of a message by telephone that replaces an undeliverable one
REPLACEMENT = "/telephone"


class Message(Queued):
    """One message; its key begins with the case reference and a slash."""

    channel = peewee.TextField()
    recipient = peewee.TextField()
    template = peewee.TextField()
    language = peewee.TextField()

    @property
    def case_reference(self) -> str:
        return self.key.partition("/")[0]

    @property
    def is_replacement(self) -> bool:
        """Whether it is a call that replaces an undeliverable message; its recipient is that message's address."""
        return self.key.endswith(REPLACEMENT)


class Outbox:
    """The queue of messages.

    Args:
        lease: duration of the lease on a claimed message; longer than sending one takes.
    """

    def __init__(self, lease: timedelta = LEASE):
        self._lease = lease

    def add(self, key: str, channel: str, recipient: str, template: str, language: str) -> None:
        """Queue a message, unless its case was erased.

        Args:
            key: the effect key: case reference, step, occurrence.
            channel: email, sms or telephone.
            recipient: an e-mail address or a telephone number.
            template: name of the text; the row contains no data of the case.
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

    def cancel_waiting(self, case_reference: str) -> bool:
        """Delete the waiting messages of a case; returns False if one of its messages is being sent at the moment."""
        with database.connection_context():
            Message.delete().where(Message.state == WAITING, _of_case(case_reference)).execute()
            return not Message.select().where(Message.state == CLAIMED, _of_case(case_reference)).exists()

    def keys(self, case_reference: str, channel: str) -> list[str]:
        """Return the keys of a case's messages of this channel."""
        with database.connection_context():
            messages = Message.select().where(Message.channel == channel, _of_case(case_reference))
            return [message.key for message in messages]

    def delete_older_than(self, age: timedelta) -> None:
        """Delete messages that were sent or undeliverable longer than `age` ago."""
        Message.delete_finished(age, SENT, *UNDELIVERED)

    def delete(self, case_reference: str) -> None:
        with database.connection_context():
            Message.delete().where(_of_case(case_reference)).execute()

    def claim(self, channel: str) -> Iterator[Message]:
        """Yield due messages of a channel; each is claimed when it is yielded."""
        return Message.claim(self._lease, Message.channel == channel)

    def release(self, message: Message) -> None:
        """Release the claim of a message whose channel is unavailable; it counts as no attempt."""
        message.release()

    def retry(self, message: Message, schedule: RetrySchedule) -> None:
        """Schedule another attempt for a message that the server refused temporarily."""
        message.retry(schedule)

    def mark_sent(self, message: Message) -> None:
        message.finish(SENT)

    def mark_undelivered(self, message: Message, state: str, by_telephone: bool) -> None:
        """End the delivery of a message without success.

        Args:
            state: REFUSED or GIVEN_UP.
            by_telephone: whether a call to the patient replaces the message.
        """
        with database.connection_context(), database.atomic():
            message.finish(state)
            if by_telephone:
                self.add(message.key + REPLACEMENT, TELEPHONE, message.recipient, message.template, message.language)


def _of_case(case_reference: str) -> Any:
    return Message.key.startswith(f"{case_reference}/")
