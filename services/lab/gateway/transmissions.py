"""Stores what laboratories send: acknowledged when it is on disk, once, and deleted after its retention."""

from __future__ import annotations

import hashlib
import time
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta

import peewee
from prometheus_client import Counter

from services.lab.gateway.matching import Outcome
from services.lab.gateway.messages.reading import detect_format
from services.lab.gateway.messages.reports import Format
from services.lab.models import Decided, Transmission

RETENTION = timedelta(days=30)
RECEIVED = Counter(
    "lab_messages_received", "Messages that laboratories sent: stored, repeated or refused", ["channel", "outcome"]
)
# initialised with 0: Prometheus' increase() ignores the first sample of a series
for _channel in ("http", "mllp", "folder"):
    for _outcome in ("stored", "repeated", "refused"):
        RECEIVED.labels(_channel, _outcome)


class Refused(Exception):
    """A message isn't stored, because it can't be read at all; the text says why, and names no patient."""


class TooLarge(Refused):
    """A message is larger than permitted."""


@dataclass(frozen=True)
class Receipt:
    """A stored transmission.

    Attributes:
        is_new: its content wasn't stored before.
    """

    id: int
    is_new: bool


class Transmissions:
    """The stored transmissions.

    Args:
        max_bytes: of a transmission.
        kept_for: retention of those on which is decided.
    """

    def __init__(self, database: peewee.Database, max_bytes: int, kept_for: timedelta):
        self.max_bytes = max_bytes
        self._database = database
        self._kept_for = kept_for

    def receive(self, channel: str, content: bytes, format: Format | None = None, laboratory: str = "") -> Receipt:
        """Store a transmission; when this returns, it is on disk.

        Args:
            channel: http, mllp or folder.
            format: as the sender says; what the content itself says goes first.
            laboratory: whose key was sent; empty if there was none.

        Raises:
            Refused: it is empty, too large (TooLarge), or of no known format.
        """
        format = detect_format(content) or format
        try:
            receipt = self._store(content, format, channel, laboratory)
        except Refused:
            RECEIVED.labels(channel, "refused").inc()
            raise
        RECEIVED.labels(channel, "stored" if receipt.is_new else "repeated").inc()
        return receipt

    def _store(self, content: bytes, format: Format | None, channel: str, laboratory: str) -> Receipt:
        if not content.strip():
            raise Refused("the message is empty")
        if len(content) > self.max_bytes:
            raise TooLarge(f"the message is larger than {self.max_bytes} bytes")
        if format is None or (format is Format.HL7 and b"MSH" not in content.replace(b"\0", b"")):
            raise Refused("the message isn't HL7 v2, FHIR in JSON, or CSV")
        # a laboratory sees only its own messages, even if another one has sent the same content
        digest = hashlib.sha256(laboratory.encode() + b"\0" * bool(laboratory) + content).hexdigest()
        # a request of the HTTP API has a connection
        with self._database.connection_context() if self._database.is_closed() else nullcontext():
            known = Transmission.get_or_none(Transmission.digest == digest)
            if known is None:
                try:
                    with self._database.atomic():
                        stored = Transmission.create(
                            digest=digest,
                            format=format,
                            channel=channel,
                            laboratory=laboratory or None,
                            content=content,
                            received_at=time.time(),
                        )
                    return Receipt(stored.id, True)
                except peewee.IntegrityError:
                    known = Transmission.get(Transmission.digest == digest)
            return Receipt(known.id, False)

    def purge(self) -> None:
        """Delete the content of messages after their retention; what staff still decide on is kept."""
        limit = time.time() - self._kept_for.total_seconds()
        waiting = Decided.select(Decided.transmission_id).where(Decided.outcome == Outcome.INBOX)
        old = Transmission.select(Transmission.id).where(
            Transmission.received_at < limit,
            Transmission.is_processed,
            Transmission.content.is_null(False),
            Transmission.id.not_in(waiting),
        )
        for transmission in list(old):
            with self._database.atomic():
                Transmission.update(content=None).where(Transmission.id == transmission.id).execute()
                Decided.update(observation=None).where(Decided.transmission_id == transmission.id).execute()
