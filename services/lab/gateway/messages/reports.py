"""What a laboratory's message says, independent of its format."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

# longest value that is read, in characters; a real one is shorter than 250
MAX_LENGTH = 1000
MAX_OBSERVATIONS = 50_000
# control characters, replacement characters and lone surrogates: neither shown nor stored
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd\ud800-\udfff]")
UNREADABLE_CHARACTERS = "has characters that can't be read"
TOO_LONG = f"a value is longer than {MAX_LENGTH} characters"


class Format(StrEnum):
    HL7 = "hl7"
    FHIR = "fhir"
    CSV = "csv"


class Status(StrEnum):
    """Status of a result.

    Attributes:
        PRELIMINARY: isn't a result yet.
        WITHDRAWN: was entered in error or cancelled.
        UNKNOWN: is missing, or has another meaning.
    """

    FINAL = "final"
    CORRECTED = "corrected"
    PRELIMINARY = "preliminary"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Coding:
    """A code and its text, as sent; either may be empty.

    Attributes:
        system: name, OID or URL of the code system; empty if the message doesn't name it.
    """

    code: str = ""
    system: str = ""
    text: str = ""


@dataclass(frozen=True)
class Observation:
    """One test result of one specimen (HL7: an OBX segment; CSV: a row).

    Attributes:
        place: where it is in the message, such as "OBX 2" or "line 17"; names no patient.
        specimen_ids: ids of the specimen, as laboratory and sender number it.
        order_ids: numbers of the order, as laboratory and sender number it.
        tests: codings of the test, which mean the same.
        values: codings of the result, which mean the same.
        flags: interpretations (HL7 table 0078).
        birth_date: None if the message has none, or an unreadable one, which is a problem.
        observed_at: as sent.
        reported_at: as sent.
        is_question: an answer to a question of the order form, not a test.
        may_be_cut_off: the message may have ended within an id.
        refused_item: id of the item of the inbox that this row of a file of refused rows corrects; else empty.
        problems: reasons for which the result can't be taken.
    """

    place: str
    specimen_ids: tuple[str, ...] = ()
    order_ids: tuple[str, ...] = ()
    tests: tuple[Coding, ...] = ()
    values: tuple[Coding, ...] = ()
    flags: tuple[Coding, ...] = ()
    status: Status = Status.UNKNOWN
    family_name: str = ""
    given_name: str = ""
    birth_date: date | None = None
    observed_at: str = ""
    reported_at: str = ""
    laboratory: str = ""
    is_question: bool = False
    may_be_cut_off: bool = False
    refused_item: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """One message: of HL7 v2, a FHIR bundle, or a CSV file.

    Attributes:
        control_id: MSH-10 or Bundle.identifier; empty if there is none.
        sender: facility that sent it.
        problems: reasons for which none of its results can be taken.
        remarks: further findings.
    """

    format: Format
    control_id: str = ""
    sender: str = ""
    observations: tuple[Observation, ...] = ()
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def cleaned(report: Report) -> Report:
    """Return a report with printable values of limited length; other values become problems."""
    problems: list[str] = []
    return replace(
        report,
        control_id=_clean(report.control_id, problems),
        sender=_clean(report.sender, problems),
        observations=tuple(map(_clean_observation, report.observations)),
        problems=(*report.problems, *_unique(problems)),
    )


def _clean_observation(observation: Observation) -> Observation:
    problems: list[str] = []

    def codings(values: tuple[Coding, ...]) -> tuple[Coding, ...]:
        return tuple(_clean_coding(each, problems) for each in values)

    def ids(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_unique(_clean(each, problems) for each in values))

    observation = replace(
        observation,
        specimen_ids=ids(observation.specimen_ids),
        order_ids=ids(observation.order_ids),
        tests=codings(observation.tests),
        values=codings(observation.values),
        flags=codings(observation.flags),
        family_name=_clean(observation.family_name, problems),
        given_name=_clean(observation.given_name, problems),
        observed_at=_clean(observation.observed_at, problems),
        reported_at=_clean(observation.reported_at, problems),
        laboratory=_clean(observation.laboratory, problems),
        refused_item=_clean(observation.refused_item, problems),
    )
    return replace(observation, problems=(*observation.problems, *_unique(problems)))


def _clean_coding(coding: Coding, problems: list[str]) -> Coding:
    return Coding(*(_clean(each, problems) for each in (coding.code, coding.system, coding.text)))


def _clean(value: str, problems: list[str]) -> str:
    if UNPRINTABLE.search(value):
        problems.append(UNREADABLE_CHARACTERS)
        value = UNPRINTABLE.sub("?", value)
    if len(value) > MAX_LENGTH:
        problems.append(TOO_LONG)
        value = value[:MAX_LENGTH]
    return value.strip()


def _unique(values: Iterable[str]) -> list[str]:
    """Return the values without empty ones and repetitions, in their order."""
    return [value for value in dict.fromkeys(values) if value]
