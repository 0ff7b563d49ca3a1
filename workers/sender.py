"""Sends the messages that wait in the records' outbox, each by its channel: once, but for a crash in between."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from records.outbox import Outbox
from workers.carriers import Carrier, Deferred, NotNow, Undeliverable

log = logging.getLogger("workers.sender")


class Sender:
    """Empties the outbox.

    Args:
        carriers: by channel.
    """

    def __init__(self, outbox: Outbox, carriers: Mapping[str, Carrier]):
        self._outbox = outbox
        self._carriers = carriers
        self._silent: set[str] = set()

    def send_waiting(self) -> int:
        """Send what waits; returns how many were sent. A channel that can't be reached holds up no other, and a message
        that is to come later neither.
        """
        unreachable: set[str] = set()
        sent = 0
        for message in self._outbox.claim():
            if message.channel in unreachable:
                self._outbox.give_back(message)
                continue
            try:
                self._carriers[message.channel].carry(message)
            except NotNow as error:
                unreachable.add(message.channel)
                self._outbox.give_back(message)
                self._warn_once(message.channel, error)
            except Deferred as error:
                self._outbox.give_back(message)
                self._warn_once(message.key, error)
            except Undeliverable as error:
                self._outbox.refused(message)
                log.warning("a message was refused (%s): %s", error, message.key)
            else:
                self._outbox.sent(message)
                sent += 1
                self._silent -= {message.channel, message.key}
        return sent

    def _warn_once(self, what: str, error: Exception) -> None:
        if what not in self._silent:
            log.warning("%s waits: %s", what, error)
        self._silent.add(what)
