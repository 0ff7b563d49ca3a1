"""Decisions of laboratory staff on an item of the inbox: assign it, map its code, or reject it."""

from __future__ import annotations

from services.lab.gateway.codes import RESULTS
from services.lab.gateway.decisions import ASSIGNED, REJECTED, close, decide_waiting, load_code_table
from services.lab.gateway.matching import Outcome, Reason, decide_on_sample, normalise_barcode
from services.lab.gateway.messages.reports import Status
from services.lab.gateway.observations import load
from services.lab.models import CodeMapping, Decided
from services.lab.samples import find_samples, report_result

# answer to a decision on an item that left the inbox before
CLOSED = "closed"


class InvalidDecision(Exception):
    """A decision of staff that isn't possible; the message is for them and names no patient."""


def assign(item_id: int, barcode: str, result: str) -> str:
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
    close(row, ASSIGNED, sample.case_reference)
    return ASSIGNED


def map_code(item_id: int, kind: str, meaning: str) -> str:
    """Give the item's unknown code a meaning for its sender, and decide again on all of the sender's items.

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
    table = load_code_table()
    key = table.key_of(table.find_unknown(codings, kind, row.sender))
    CodeMapping.insert(sender=row.sender, key=key, meaning=meaning).on_conflict(
        conflict_target=[CodeMapping.sender, CodeMapping.key], preserve=[CodeMapping.meaning]
    ).execute()
    decide_waiting(Decided.sender == row.sender)
    return Decided.get_by_id(item_id).outcome


def reject(item_id: int, reason: str) -> str:
    """Close an item without a result."""
    row = _get_open(item_id)
    if row is None:
        return CLOSED
    row.reason = reason
    close(row, REJECTED, row.case_reference)
    return REJECTED


def _get_open(item_id: int) -> Decided | None:
    """Return an item that waits for staff; None if it left the inbox."""
    row = Decided.get_or_none(Decided.id == item_id)
    if row is None:
        raise InvalidDecision("there is no such item")
    return row if row.outcome == Outcome.INBOX else None
