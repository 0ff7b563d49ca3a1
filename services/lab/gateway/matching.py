"""Decides what becomes of an observation: the result of a sample, or an item of the inbox with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.lab.gateway.codes import Evaluation, Meaning
from services.lab.gateway.messages.reports import Observation, Status

# status of a withdrawn result in the feed, as in FHIR R4
ENTERED_IN_ERROR = "entered-in-error"


class Outcome(StrEnum):
    """What becomes of an observation.

    Attributes:
        TAKEN: is in the feed.
        KNOWN: says what was reported before.
        PRELIMINARY: isn't a result yet.
        OTHER: isn't a test for SARS-CoV-2.
        INBOX: staff decide.
    """

    TAKEN = "taken"
    KNOWN = "known"
    PRELIMINARY = "preliminary"
    OTHER = "other"
    INBOX = "inbox"


class Reason(StrEnum):
    """Why staff must decide. The texts name no patient."""

    DAMAGED = "the message is damaged or incomplete"
    UNKNOWN_TEST = "the code of the test is unknown"
    UNKNOWN_RESULT = "the code of the result is unknown"
    CONTRADICTION = "codes and texts contradict each other"
    STATUS = "the status is missing or unknown"
    NO_IDENTIFIER = "it has no specimen id and no order number"
    NO_SAMPLE = "no sample has this specimen id or order number"
    SEVERAL_SAMPLES = "specimen id and order number belong to several samples"
    BIRTH_DATE = "the date of birth isn't that of the case"
    BIRTH_DATE_UNKNOWN = "the date of birth can't be compared: the order has none"
    CUT_OFF = "the specimen id may be cut off, and there is no date of birth to confirm it"
    CANCELLED = "the test of this sample was cancelled"
    NO_RESULT_BEFORE = "it corrects or withdraws a result that wasn't reported"
    NOT_MARKED = "it differs from the reported result, but isn't marked as a correction"
    WITHDRAWN_BEFORE = "the result of this sample was withdrawn, and this one isn't marked as a correction"
    SEVERAL_RESULTS = "the message has different results or patients of this sample"
    WAITS_ALREADY = "the same result waits for staff, or was closed by them"
    OVERTAKEN = "it corrects or withdraws a result, but another one was reported while it waited"
    CORRECTED = "the row was corrected in the file, sent again, and taken"
    SENT_AGAIN = "the same result was sent again, and taken"
    CONTROL_ID_REUSED = "its control id was used for another message"


@dataclass(frozen=True)
class Sample:
    """A sample whose test was ordered.

    Attributes:
        order_number: as it is sent to the laboratory.
        birth_date: of the patient; None for orders that don't have it.
        is_cancelled: its test was cancelled.
        status: of the last reported result, as in the feed; empty if none was reported.
        result: the last reported result; empty if none was reported, or it was withdrawn.
    """

    case_reference: str
    sample_number: int
    barcode: str
    order_number: str
    birth_date: date | None = None
    is_cancelled: bool = False
    status: str = ""
    result: str = ""


@dataclass(frozen=True)
class Decision:
    """What becomes of an observation.

    Attributes:
        reason: of INBOX; a value of Reason, or a problem of the message.
        sample: to which it belongs, or may belong if staff must decide; None if none or several were found.
        status: of TAKEN: final, corrected or entered-in-error.
        result: of TAKEN; empty for a withdrawal.
    """

    outcome: Outcome
    reason: str = ""
    sample: Sample | None = None
    status: str = ""
    result: str = ""


def normalise_barcode(identifier: str) -> str:
    """Return an identifier as the platform stores barcodes."""
    return identifier.strip().upper()


def decide(
    observation: Observation, evaluation: Evaluation, samples: Iterable[Sample], message_problems: tuple[str, ...] = ()
) -> Decision:
    """Decide on an observation.

    Args:
        samples: those whose barcode or order number the observation has, at least.
        message_problems: of its message.
    """
    if evaluation.meaning is Meaning.OTHER:
        return Decision(Outcome.OTHER)
    found = _find_samples(observation, samples)
    reason = _check_message(observation, message_problems) or _check_meaning(observation, evaluation)
    if not reason and observation.status is Status.PRELIMINARY:
        return Decision(Outcome.PRELIMINARY)
    if reason := reason or _check_samples(observation, found):
        return Decision(Outcome.INBOX, reason, found[0] if len(found) == 1 else None)
    return decide_on_sample(found[0], observation.status, evaluation.result)


def decide_on_sample(sample: Sample, status: Status, result: str) -> Decision:
    """Decide on a final, corrected or withdrawn result of a sample."""
    if sample.is_cancelled:
        return Decision(Outcome.INBOX, Reason.CANCELLED, sample)
    if status is Status.WITHDRAWN:
        return _decide_on_withdrawal(sample)
    if sample.result == result:
        return Decision(Outcome.KNOWN, sample=sample)
    if status is Status.CORRECTED:
        if not sample.status:
            return Decision(Outcome.INBOX, Reason.NO_RESULT_BEFORE, sample)
        return Decision(Outcome.TAKEN, sample=sample, status="corrected", result=result)
    if sample.status:
        reason = Reason.WITHDRAWN_BEFORE if sample.status == ENTERED_IN_ERROR else Reason.NOT_MARKED
        return Decision(Outcome.INBOX, reason, sample)
    return Decision(Outcome.TAKEN, sample=sample, status="final", result=result)


def _decide_on_withdrawal(sample: Sample) -> Decision:
    if not sample.status:
        return Decision(Outcome.INBOX, Reason.NO_RESULT_BEFORE, sample)
    if sample.status == ENTERED_IN_ERROR:
        return Decision(Outcome.KNOWN, sample=sample)
    return Decision(Outcome.TAKEN, sample=sample, status=ENTERED_IN_ERROR)


def _check_message(observation: Observation, message_problems: tuple[str, ...]) -> str:
    if problems := (*message_problems, *observation.problems):
        return "; ".join(problems)
    return Reason.STATUS if observation.status is Status.UNKNOWN else ""


def _check_meaning(observation: Observation, evaluation: Evaluation) -> str:
    match evaluation.meaning:
        case Meaning.UNKNOWN_TEST:
            return Reason.UNKNOWN_TEST
        case Meaning.CONTRADICTION:
            return Reason.CONTRADICTION
        case Meaning.UNKNOWN_RESULT if observation.status in (Status.FINAL, Status.CORRECTED):
            return Reason.UNKNOWN_RESULT
    return ""


def _find_samples(observation: Observation, samples: Iterable[Sample]) -> list[Sample]:
    barcodes = {*map(normalise_barcode, observation.specimen_ids)}
    return [each for each in samples if each.barcode in barcodes or each.order_number in observation.order_ids]


def _check_samples(observation: Observation, found: list[Sample]) -> str:
    if not observation.specimen_ids and not observation.order_ids:
        return Reason.NO_IDENTIFIER
    if not found:
        return Reason.NO_SAMPLE
    if len(found) > 1:
        return Reason.SEVERAL_SAMPLES
    if observation.birth_date is None:
        return Reason.CUT_OFF if observation.may_be_cut_off else ""
    if found[0].birth_date is None:
        return Reason.BIRTH_DATE_UNKNOWN
    return "" if observation.birth_date == found[0].birth_date else Reason.BIRTH_DATE
