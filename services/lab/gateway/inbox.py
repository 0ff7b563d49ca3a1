"""Laboratories' messages: stored durably, decided once, and left to staff where no rule decides.

A transmission is acknowledged when it is stored; it is read afterwards. Decisions and the items of the feed that follow
from them are written in one transaction, so that a process that dies between two of them repeats none.
"""

from __future__ import annotations

import logging
from collections import deque
from datetime import timedelta

import peewee

from hosting.databases import DATABASE_ERRORS
from services.lab import kits
from services.lab.gateway.decisions import (
    CHUNK,
    REJECTED,
    close,
    decide_item,
    decide_waiting,
    list_items,
    load_code_table,
)
from services.lab.gateway.matching import Outcome
from services.lab.gateway.messages.reading import read
from services.lab.gateway.messages.reports import Format
from services.lab.gateway.transmissions import RETENTION, Receipt, Transmissions
from services.lab.models import Decided, Transmission

log = logging.getLogger("services.lab.gateway.inbox")

# seconds between two looks for transmissions that another thread stored, or that wait since the last start
INTERVAL_S = 1.0
ERASED = "its case was erased"


class Inbox:
    """The messages of laboratories.

    Args:
        max_bytes: of a transmission.
        kept_for: retention of messages on which is decided.
    """

    def __init__(self, database: peewee.Database, max_bytes: int = 10_000_000, kept_for: timedelta = RETENTION):
        self.max_bytes = max_bytes
        self._database = database
        self._transmissions = Transmissions(database, max_bytes, kept_for)
        # barcodes and numbers of new orders; None: of any order, since a test may have been ordered before the last end
        self._ordered: deque[str | None] = deque([None])

    def receive(self, channel: str, content: bytes, format: Format | None = None, laboratory: str = "") -> Receipt:
        """Store a transmission, as Transmissions.receive()."""
        return self._transmissions.receive(channel, content, format, laboratory)

    def run(self) -> None:
        """Decide on all that waits, with a database connection of its own."""
        with self._database.connection_context():
            self.process_waiting()
            while self._ordered:
                identifier = self._ordered.popleft()
                decide_waiting(Decided.observation.contains(f'"{identifier}"') if identifier else None)
            self._transmissions.purge()

    def notify_ordered(self, *identifiers: str) -> None:
        """Decide again soon on items with the barcode or number of a new order: a result may come before it."""
        self._ordered.extend(identifiers)

    def process_waiting(self) -> None:
        waiting = Transmission.select(Transmission.id).where(~Transmission.is_processed).order_by(Transmission.id)
        for transmission in list(waiting):
            try:
                self._process(Transmission.get_by_id(transmission.id))
            except DATABASE_ERRORS:
                raise
            except Exception as error:
                # by its class, because an error's text may contain a patient's data; alert LabMessagesUnread
                log.error("message %d can't be processed: %s", transmission.id, type(error).__name__)

    def _process(self, transmission: Transmission) -> None:
        content = bytes(transmission.content or b"")
        reports = read(content, Format(transmission.format))
        table = load_code_table()
        items = list(list_items(reports, table))
        Transmission.update(total=len(items)).where(Transmission.id == transmission.id).execute()
        for start in range(transmission.decided, len(items), CHUNK):
            with self._database.atomic():
                kits.lock()
                for position, item in enumerate(items[start : start + CHUNK], start):
                    decide_item(transmission.id, position, item, table)
                Transmission.update(decided=min(start + CHUNK, len(items))).where(
                    Transmission.id == transmission.id
                ).execute()
        Transmission.update(is_processed=True).where(Transmission.id == transmission.id).execute()


def erase_case(case_reference: str) -> None:
    """Erase what laboratories sent on a case: their messages' content, and what was read of it."""
    of_case = list(Decided.select().where(Decided.case_reference == case_reference))
    transmissions = {row.transmission_id for row in of_case}
    Transmission.update(content=None).where(Transmission.id.in_(transmissions), Transmission.is_processed).execute()
    for row in of_case:
        if row.outcome == Outcome.INBOX:
            row.outcome, row.reason = REJECTED, ERASED
        row.sender = row.control_id = row.fingerprint = ""
        close(row, row.outcome, None)
