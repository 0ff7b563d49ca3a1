"""Decides on the observations of a transmission, and again on those that wait for staff."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import peewee

from services.lab import kits
from services.lab.gateway.codes import CodeTable, Mapping, Meaning, load_table
from services.lab.gateway.matching import Decision, Outcome, Reason, decide, normalise_barcode
from services.lab.gateway.messages.reports import Observation, Report, Status
from services.lab.gateway.observations import dump, fingerprint_of, load
from services.lab.models import CodeMapping, Decided, Transmission
from services.lab.samples import parse_id, report_result, samples_of

# observations of one transaction: other requests wait for its lock
CHUNK = 100
# outcomes by staff
ASSIGNED, REJECTED = "assigned", "rejected"


@dataclass(frozen=True)
class Item:
    """An observation with its message.

    Attributes:
        observation: None for a message without any.
        ambiguous: identifiers for which the message has different results or patients.
    """

    report: Report
    observation: Observation | None
    ambiguous: frozenset[str]


def load_code_table() -> CodeTable:
    return load_table(Mapping(row.sender, row.key, row.meaning) for row in CodeMapping.select())


def list_items(reports: list[Report], table: CodeTable) -> Iterator[Item]:
    for report in reports:
        ambiguous = _find_ambiguous(report, table)
        for observation in report.observations or (None,):
            yield Item(report, observation, ambiguous)


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


def decide_item(transmission_id: int, position: int, item: Item, table: CodeTable) -> None:
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
    elif decision.outcome in (Outcome.TAKEN, Outcome.KNOWN):
        _close_repeated(fingerprint)
        _close_corrected(observation.refused_item, transmission_id)
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


def _close_repeated(fingerprint: str) -> None:
    """Close the items that waited for the same result, such as those of a damaged file that was sent again whole."""
    for row in Decided.select().where(Decided.fingerprint == fingerprint, Decided.outcome == Outcome.INBOX):
        row.reason = Reason.SENT_AGAIN
        close(row, Outcome.KNOWN, row.case_reference)


def _close_corrected(item_id: str, transmission_id: int) -> None:
    """Close the item that a corrected row names, if it is of the same laboratory."""
    row = Decided.get_or_none(Decided.id == parse_id(item_id), Decided.outcome == Outcome.INBOX)
    if row is None:
        return
    senders = {Transmission.get_by_id(number).laboratory for number in (row.transmission_id, transmission_id)}
    if len(senders) == 1:
        row.reason = Reason.CORRECTED
        close(row, Outcome.KNOWN, row.case_reference)


def _check_repetition(decision: Decision, item: Item, transmission_id: int) -> Decision:
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


def decide_waiting(condition: peewee.Expression | None = None) -> None:
    """Decide again on the items that wait for staff, or on those for which a condition holds.

    A code was mapped, or a test ordered, since the last decision.
    """
    table = load_code_table()
    waiting = Decided.select(Decided.id).where(Decided.outcome == Outcome.INBOX)
    ids = [row.id for row in (waiting.where(condition) if condition is not None else waiting)]
    for start in range(0, len(ids), CHUNK):
        with Decided._meta.database.atomic():
            kits.lock()
            for row in Decided.select().where(Decided.id.in_(ids[start : start + CHUNK])).order_by(Decided.id):
                if row.outcome == Outcome.INBOX:
                    _decide_again(row, table)


def _decide_again(row: Decided, table: CodeTable) -> None:
    observation, problems = load(str(row.observation))
    if row.reason in (Reason.SEVERAL_RESULTS, Reason.CONTROL_ID_REUSED) or not observation.tests:
        return
    decision = decide(observation, table.evaluate(observation, row.sender), samples_of(observation), problems)
    if _is_overtaken(decision, row):
        decision = replace(decision, outcome=Outcome.INBOX, reason=Reason.OVERTAKEN)
    if decision.outcome is Outcome.INBOX:
        Decided.update(reason=decision.reason).where(Decided.id == row.id).execute()
        return
    report_result(decision)
    close(row, decision.outcome, decision.sample.case_reference if decision.sample else None)


def _is_overtaken(decision: Decision, row: Decided) -> bool:
    """Whether a correction or withdrawal waited while a result of its case was reported, which it may not mean."""
    if decision.outcome is not Outcome.TAKEN or decision.status == "final" or decision.sample is None:
        return False
    newer = Decided.select().where(
        Decided.case_reference == decision.sample.case_reference,
        Decided.id > row.id,
        Decided.outcome.in_((Outcome.TAKEN, ASSIGNED)),
    )
    return newer.exists()


def close(row: Decided, outcome: str, case_reference: str | None) -> None:
    row.outcome, row.case_reference, row.decided_at, row.observation = outcome, case_reference, time.time(), None
    row.save()
