"""Reads HL7 v2 acknowledgements. Only codes and places are taken from them: their texts may repeat patients' data."""

from __future__ import annotations

import re

from hosting.clients.service import Faulty
from reporting.message import Refused

# HL7 table 0008: in original mode, and in enhanced mode
ACCEPTED, REFUSED = ("AA", "CA"), ("AR", "CR")
ERRORS = ("AE", "CE")
# HL7 table 0357
CONDITIONS = {
    "100": "segment sequence error",
    "101": "required field missing",
    "102": "data type error",
    "103": "table value not found",
    "200": "unsupported message type",
    "201": "unsupported event code",
    "202": "unsupported processing id",
    "203": "unsupported version id",
    "204": "unknown key identifier",
    "205": "duplicate key identifier",
    "206": "application record locked",
    "207": "application internal error",
}
# ERR-2: segment, its number, field, repetition, component, subcomponent
PLACE = re.compile(r"[A-Z][A-Z0-9]{2}(?:\^\d{0,3}){0,5}")
SEGMENT_END = re.compile(r"[\r\n]+")
MAX_ERRORS = 5


def check_acknowledgement(content: bytes, control_id: str) -> None:
    """Check that a message was accepted.

    Raises:
        Refused: it is refused for good (AR).
        Faulty: it isn't stored (AE), or the acknowledgement can't be read, or is of another message.
    """
    segments = _split(content)
    acknowledgements = [fields for fields in segments if fields[0] == "MSA"]
    if len(acknowledgements) != 1:
        raise Faulty("the authority's acknowledgement has no segment MSA, or several")
    code, acknowledged = (_field(acknowledgements[0], number) for number in (1, 2))
    if acknowledged != control_id:
        raise Faulty("the authority acknowledged another message")
    if code in ACCEPTED:
        return
    reasons = [_describe_error(fields) for fields in segments if fields[0] == "ERR"][:MAX_ERRORS]
    text = "; ".join([f"the authority didn't accept message {control_id}", *filter(None, reasons)])
    if code in REFUSED:
        raise Refused(f"{text} ({code})")
    raise Faulty(f"{text} ({code if code in ERRORS else 'unknown code'})")


def _split(content: bytes) -> list[list[str]]:
    """Return the segments as lists of fields."""
    text = content.decode("utf-8", "replace").strip("\x0b\x1c\r\n")
    lines = SEGMENT_END.split(text)
    separator = text[3:4] if text.startswith("MSH") else ""
    if not separator:
        raise Faulty("the authority's acknowledgement isn't HL7 v2")
    return [line.split(separator) for line in lines]


def _field(fields: list[str], number: int) -> str:
    return fields[number].strip() if number < len(fields) else ""


def _describe_error(fields: list[str]) -> str:
    """Return condition and place of an ERR segment; empty if it has neither."""
    condition = CONDITIONS.get(_field(fields, 3).split("^")[0], "")
    place = _field(fields, 2)
    parts = [condition, f"at {place}" if PLACE.fullmatch(place) else ""]
    return " ".join(filter(None, parts))
