"""Sends the messages of the records' outbox, each by its channel.

A message is sent once, unless the process dies between sending and recording it. A channel that can't be reached pauses
as a whole. A message that is refused temporarily is retried after a pause of its own; one that is refused permanently,
or for too long, is replaced by a call to the patient.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from camunda7.outages import Outage, describe
from hosting.clients.delivery import ChannelUnavailable, Deferred, Undeliverable
from records.outbox import GIVEN_UP, REFUSED, TELEPHONE, Message, Outbox
from records.processing import process_each
from records.retries import RetrySchedule
from workers.channels import Channel
from workers.messages import TO_DOCTORS, TO_MANAGERS

log = logging.getLogger("workers.sender")


class Sender:
    """Empties the outbox.

    Args:
        channels: by name.
        schedules: pauses before a message that was refused temporarily is sent again, by channel.
    """

    def __init__(self, outbox: Outbox, channels: Mapping[str, Channel], schedules: Mapping[str, RetrySchedule]):
        self._outbox = outbox
        self._channels = channels
        self._schedules = schedules
        self._outages = {name: Outage(name, log) for name in channels}

    @property
    def outages(self) -> list[Outage]:
        """State of each channel, for the metrics."""
        return list(self._outages.values())

    def send_waiting(self) -> int:
        """Send due messages by the channels that don't pause; returns how many were sent."""
        return sum(self._send_due(name) for name, outage in self._outages.items() if not outage.is_pausing)

    def _send_due(self, name: str) -> int:
        sent, due = 0, self._outbox.claim(name)
        try:
            for _, is_sent in process_each(
                due, self._send, self._postpone, (ChannelUnavailable,), self._outbox.release
            ):
                sent += is_sent
        except (ChannelUnavailable, Deferred) as error:
            self._outages[name].record_failure(error)
        return sent

    def _send(self, message: Message) -> bool:
        if self._schedules[message.channel].is_exhausted(message.attempts - 1):
            # _retry() ends the delivery before that, unless processes died during the attempts
            raise Undeliverable("too many attempts")
        self._channels[message.channel].deliver(message)
        self._outages[message.channel].record_success()
        self._outbox.mark_sent(message)
        return True

    def _postpone(self, message: Message, error: Exception) -> None:
        """Schedule the next attempt, or end the delivery without success.

        Raises:
            Deferred: the server has closed the connection, so the other messages must wait.
        """
        if isinstance(error, Undeliverable):
            self._end(message, REFUSED, describe(error))
            return
        self._retry(message, describe(error))
        if isinstance(error, Deferred) and error.is_closing:
            raise error

    def _retry(self, message: Message, reason: str) -> None:
        schedule = self._schedules[message.channel]
        if schedule.is_exhausted(message.attempts):
            self._end(message, GIVEN_UP, reason)
            return
        self._outbox.retry(message, schedule)
        log.warning("message %s is sent again later: %s; attempts: %d", message.key, reason, message.attempts)

    def _end(self, message: Message, state: str, reason: str) -> None:
        by_telephone = message.channel != TELEPHONE and message.template not in TO_DOCTORS | TO_MANAGERS
        self._outbox.mark_undelivered(message, state, by_telephone)
        outcome = "the contact tracers call instead" if by_telephone else "nothing replaces it"
        log.warning("message %s can't be delivered (%s): %s; %s", message.key, state, reason, outcome)
