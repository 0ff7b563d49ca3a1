"""Laboratories' messages: stored durably, decided once, and left to staff where a rule doesn't decide.

A transmission is acknowledged when it is stored; it is read afterwards. Decisions and the items of the feed that follow
from them are written in one transaction, so that a process that dies between two of them repeats none.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import deque
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta

import peewee
from prometheus_client import Counter

from hosting.databases import DATABASE_ERRORS
from services.lab import kits
from services.lab.codes import RESULTS, CodeTable, Mapping, Meaning, load_table
from services.lab.matching import (
    Decision,
    Outcome,
    Reason,
    decide,
    decide_on_sample,
    normalise_barcode,
)
from services.lab.messages.reading import detect_format, read
from services.lab.messages.reports import Format, Observation, Report, Status
from services.lab.models import CodeMapping, Decided, Transmission
from services.lab.observations import dump, fingerprint_of, load
from services.lab.samples import find_samples, report_result, samples_of

log = logging.getLogger("services.lab.inbox")

# seconds between two looks for transmissions that another thread stored, or that wait since the last start
INTERVAL_S = 1.0
# observations of one transaction: other requests wait for its lock
CHUNK = 100
# outcomes by staff
ASSIGNED, REJECTED = "assigned", "rejected"
# answer to a decision on an item that left the inbox before
CLOSED = "closed"
ERASED = "its case was erased"
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


class InvalidDecision(Exception):
    """A decision of staff that isn't possible; the message is for them and names no patient."""


@dataclass(frozen=True)
class Receipt:
    """A stored transmission.

    Attributes:
        is_new: its content wasn't stored before.
    """

    id: int
    is_new: bool


@dataclass(frozen=True)
class _Item:
    """An observation with its message.

    Attributes:
        observation: None for a message without any.
        ambiguous: identifiers for which the message has different results or patients.
    """

    report: Report
    observation: Observation | None
    ambiguous: frozenset[str]


class Inbox:
    """The messages of laboratories.

    Args:
        max_bytes: of a transmission.
        kept_for: retention of messages on which is decided.
    """

    def __init__(self, database: peewee.Database, max_bytes: int = 10_000_000, kept_for: timedelta = RETENTION):
        self.max_bytes = max_bytes
        self._database = database
        self._kept_for = kept_for
        # barcodes and numbers of new orders; None: of any order, since a test may have been ordered before the last end
        self._ordered: deque[str | None] = deque([None])

    def receive(self, channel: str, content: bytes, format: Format | None = None) -> Receipt:
        """Store a transmission; when this returns, it is on disk.

        Args:
            channel: http, mllp or folder.
            format: as the sender says; what the content itself says goes first.

        Raises:
            Refused: it is empty, too large, or of no known format.
        """
        format = detect_format(content) or format
        try:
            receipt = self._store(content, format, channel)
        except Refused:
            RECEIVED.labels(channel, "refused").inc()
            raise
        RECEIVED.labels(channel, "stored" if receipt.is_new else "repeated").inc()
        return receipt

    def _store(self, content: bytes, format: Format | None, channel: str) -> Receipt:
        if not content.strip():
            raise Refused("the message is empty")
        if len(content) > self.max_bytes:
            raise Refused(f"the message is larger than {self.max_bytes} bytes")
        if format is None or (format is Format.HL7 and b"MSH" not in content):
            raise Refused("the message isn't HL7 v2, FHIR in JSON, or CSV")
        digest = hashlib.sha256(content).hexdigest()
        # a request of the HTTP API has a connection
        with self._database.connection_context() if self._database.is_closed() else nullcontext():
            known = Transmission.get_or_none(Transmission.digest == digest)
            if known is None:
                try:
                    with self._database.atomic():
                        stored = Transmission.create(
                            digest=digest, format=format, channel=channel, content=content, received_at=time.time()
                        )
                    return Receipt(stored.id, True)
                except peewee.IntegrityError:
                    known = Transmission.get(Transmission.digest == digest)
            return Receipt(known.id, False)

    def run(self) -> None:
        """Decide on all that waits, with a database connection of its own."""
        with self._database.connection_context():
            self.process_waiting()
            while self._ordered:
                identifier = self._ordered.popleft()
                self.decide_again(Decided.observation.contains(f'"{identifier}"') if identifier else None)
            self.purge()

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
        items = list(_list_items(reports, table))
        Transmission.update(total=len(items)).where(Transmission.id == transmission.id).execute()
        for start in range(transmission.decided, len(items), CHUNK):
            with self._database.atomic():
                kits.lock()
                for position, item in enumerate(items[start : start + CHUNK], start):
                    _decide_item(transmission.id, position, item, table)
                Transmission.update(decided=min(start + CHUNK, len(items))).where(
                    Transmission.id == transmission.id
                ).execute()
        Transmission.update(is_processed=True).where(Transmission.id == transmission.id).execute()

    def decide_again(self, condition: peewee.Expression | None = None) -> None:
        """Decide again on the items that wait for staff, or on those for which a condition holds.

        A code was mapped, or a test ordered, since the last decision.
        """
        table = load_code_table()
        waiting = Decided.select(Decided.id).where(Decided.outcome == Outcome.INBOX)
        ids = [row.id for row in (waiting.where(condition) if condition is not None else waiting)]
        for start in range(0, len(ids), CHUNK):
            with self._database.atomic():
                kits.lock()
                for row in Decided.select().where(Decided.id.in_(ids[start : start + CHUNK])).order_by(Decided.id):
                    if row.outcome == Outcome.INBOX:
                        _decide_row_again(row, table)

    def assign(self, item_id: int, barcode: str, result: str) -> str:
        """Assign an item to a sample with a result that staff confirm; returns what became of it.

        Args:
            result: of RESULTS, or entered_in_error.

        Raises:
            InvalidDecision: no sample has this barcode, or its test was cancelled.
        """
        row = _get_open(item_id)
        if row is None:
            return CLOSED
        sample = next(iter(find_samples([normalise_barcode(barcode)], [])), None)
        if sample is None:
            raise InvalidDecision("no test of a sample with this barcode was ordered")
        if sample.is_cancelled:
            raise InvalidDecision(f"{Reason.CANCELLED}")
        status = Status.WITHDRAWN if result == "entered_in_error" else Status.FINAL
        if sample.status and status is Status.FINAL:
            status = Status.CORRECTED
        decision = decide_on_sample(sample, status, "" if status is Status.WITHDRAWN else result)
        if decision.outcome is Outcome.INBOX:
            raise InvalidDecision(decision.reason)
        report_result(decision)
        _close(row, ASSIGNED, sample.case_reference)
        return ASSIGNED

    def map_code(self, item_id: int, kind: str, meaning: str) -> str:
        """Give the item's unknown code a meaning for its sender, and decide again on all items.

        Args:
            kind: test or result.
            meaning: test or other of a test; of RESULTS of a result.

        Returns:
            The item's outcome afterwards.

        Raises:
            InvalidDecision: the item has no code of this kind, or the meaning isn't one of this kind.
        """
        row = _get_open(item_id)
        if row is None:
            return CLOSED
        observation, _ = load(str(row.observation))
        codings = observation.tests if kind == "test" else observation.values
        if meaning not in (("test", "other") if kind == "test" else RESULTS):
            raise InvalidDecision(f"{meaning} isn't a meaning of a {kind}")
        if not codings:
            raise InvalidDecision(f"the message has no code of the {kind}")
        key = load_code_table().key_of(codings[0])
        CodeMapping.insert(sender=row.sender, key=key, meaning=meaning).on_conflict(
            conflict_target=[CodeMapping.sender, CodeMapping.key], preserve=[CodeMapping.meaning]
        ).execute()
        self.decide_again(Decided.sender == row.sender)
        return Decided.get_by_id(item_id).outcome

    def reject(self, item_id: int, reason: str) -> str:
        """Close an item without a result."""
        row = _get_open(item_id)
        if row is None:
            return CLOSED
        row.reason = reason
        _close(row, REJECTED, row.case_reference)
        return REJECTED

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


def erase_case(case_reference: str) -> None:
    """Erase what laboratories sent on a case: their messages' content, and what was read of it."""
    of_case = list(Decided.select().where(Decided.case_reference == case_reference))
    transmissions = {row.transmission_id for row in of_case}
    Transmission.update(content=None).where(Transmission.id.in_(transmissions), Transmission.is_processed).execute()
    for row in of_case:
        if row.outcome == Outcome.INBOX:
            row.outcome, row.reason = REJECTED, ERASED
        row.sender = row.control_id = row.fingerprint = ""
        _close(row, row.outcome, None)


def load_code_table() -> CodeTable:
    return load_table(Mapping(row.sender, row.key, row.meaning) for row in CodeMapping.select())


def _list_items(reports: list[Report], table: CodeTable) -> Iterator[_Item]:
    for report in reports:
        ambiguous = _find_ambiguous(report, table)
        for observation in report.observations or (None,):
            yield _Item(report, observation, ambiguous)


def _find_ambiguous(report: Report, table: CodeTable) -> frozenset[str]:
    """Return the identifiers for which a message has different results or patients: none of them is taken."""
    results: dict[str, set[tuple[str, ...]]] = {}
    for observation in report.observations:
        evaluation = table.evaluate(observation, report.sender)
        if evaluation.meaning is Meaning.RESULT and observation.status is not Status.PRELIMINARY:
            for identifier in {*map(normalise_barcode, observation.specimen_ids), *observation.order_ids}:
                said = (observation.status, evaluation.result, observation.family_name, observation.given_name)
                results.setdefault(identifier, set()).add(said)
    return frozenset(identifier for identifier, found in results.items() if len(found) > 1)


def _decide_item(transmission_id: int, position: int, item: _Item, table: CodeTable) -> None:
    report, observation = item.report, item.observation
    if observation is None:
        observation, decision = Observation("message"), Decision(Outcome.INBOX, "; ".join(report.problems))
    else:
        evaluation = table.evaluate(observation, report.sender)
        decision = decide(observation, evaluation, samples_of(observation), report.problems)
        decision = _check_repetition(decision, item, transmission_id)
    fingerprint = fingerprint_of(report.sender, observation)
    if decision.outcome is Outcome.INBOX and _waits_already(fingerprint, transmission_id, observation):
        decision = Decision(Outcome.KNOWN, Reason.WAITS_ALREADY)
    report_result(decision)
    Decided.create(
        transmission_id=transmission_id,
        position=position,
        place=observation.place,
        sender=report.sender,
        control_id=report.control_id,
        fingerprint=fingerprint,
        outcome=decision.outcome,
        reason=decision.reason,
        observation=dump(observation, report.problems) if decision.outcome is Outcome.INBOX else None,
        case_reference=decision.sample.case_reference if decision.sample else None,
        decided_at=time.time(),
    )


def _check_repetition(decision: Decision, item: _Item, transmission_id: int) -> Decision:
    """Leave a result to staff that contradicts another of its message, or whose control id another message had."""
    sample = decision.sample
    if decision.outcome is not Outcome.TAKEN or sample is None:
        return decision
    if item.ambiguous & {sample.barcode, sample.order_number}:
        return replace(decision, outcome=Outcome.INBOX, reason=Reason.SEVERAL_RESULTS)
    report = item.report
    if report.control_id and _is_control_id_used(report, transmission_id):
        return replace(decision, outcome=Outcome.INBOX, reason=Reason.CONTROL_ID_REUSED)
    return decision


def _is_control_id_used(report: Report, transmission_id: int) -> bool:
    used = Decided.select().where(
        Decided.sender == report.sender,
        Decided.control_id == report.control_id,
        Decided.transmission_id != transmission_id,
        Decided.outcome.in_((Outcome.TAKEN, Outcome.KNOWN, Outcome.PRELIMINARY, ASSIGNED)),
    )
    return used.exists()


def _waits_already(fingerprint: str, transmission_id: int, observation: Observation) -> bool:
    """Whether the same result of another message waits for staff, or was closed by them."""
    if not observation.tests:
        return False
    same = Decided.select().where(
        Decided.fingerprint == fingerprint,
        Decided.transmission_id != transmission_id,
        Decided.outcome.in_((Outcome.INBOX, ASSIGNED, REJECTED)),
    )
    return same.exists()


def _decide_row_again(row: Decided, table: CodeTable) -> None:
    observation, problems = load(str(row.observation))
    if row.reason in (Reason.SEVERAL_RESULTS, Reason.CONTROL_ID_REUSED) or not observation.tests:
        return
    decision = decide(observation, table.evaluate(observation, row.sender), samples_of(observation), problems)
    if decision.outcome is Outcome.INBOX:
        Decided.update(reason=decision.reason).where(Decided.id == row.id).execute()
        return
    report_result(decision)
    _close(row, decision.outcome, decision.sample.case_reference if decision.sample else None)


def _get_open(item_id: int) -> Decided | None:
    """Return an item that waits for staff; None if it left the inbox."""
    row = Decided.get_or_none(Decided.id == item_id)
    if row is None:
        raise InvalidDecision("there is no such item")
    return row if row.outcome == Outcome.INBOX else None


def _close(row: Decided, outcome: str, case_reference: str | None) -> None:
    row.outcome, row.case_reference, row.decided_at, row.observation = outcome, case_reference, time.time(), None
    row.save()
