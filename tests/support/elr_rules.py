"""Finds what ELR 2.5.1 Release 1 forbids in a message: usage, cardinality, formats and value sets.

Independent of the writer: the rules are those of the guide's tables, and the message is split here, by its own
delimiters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# order of the segments of one result; {0,1} and {1,} are the guide's cardinalities
STRUCTURE = re.compile(r"MSH (SFT )+PID (NTE )*(ORC )OBR (NTE )*(OBX (NTE )*)+(SPM (OBX )*)+")
REQUIRED = {
    "MSH": (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 15, 16, 21),
    "SFT": (1, 2, 3, 4),
    "PID": (1, 3, 5),
    "ORC": (1, 3, 21, 22, 23),
    "OBR": (1, 3, 4, 7, 22, 25),
    "OBX": (1, 2, 3, 5, 11, 14, 23, 24),
    "SPM": (1, 2, 4, 17),
}
# usage X: must be empty
FORBIDDEN = {
    "MSH": (8, 13, 14, 19),
    "PID": (2, 4, 9, 12, 19, 20, 23, 28),
    "OBR": (5, 6, 12, 15, 18, 19, 20, 21, 23, 27, 33, 39),
    "OBX": (9, 10, 12, 16),
}
REPEATABLE = {
    ("MSH", 21), ("PID", 3), ("PID", 5), ("PID", 10), ("PID", 11), ("PID", 13), ("PID", 14), ("ORC", 12), ("ORC", 14),
    ("OBR", 17), ("OBX", 8), ("OBX", 17), ("ORC", 23),
}  # fmt: skip
SETS = {
    # table 0085 and 0123, as constrained by the guide
    ("OBX", 11): {"C", "D", "F", "I", "N", "O", "P", "R", "S", "U", "W", "X"},
    ("OBR", 25): {"A", "C", "F", "I", "N", "O", "P", "R", "S", "X", "Y", "Z"},
    ("OBX", 2): {"CE", "CWE", "CX", "DR", "DT", "ED", "FT", "NM", "RP", "SN", "ST", "TM", "TS", "TX"},
    ("PID", 8): {"F", "M", "O", "U", "A", "N"},
    ("ORC", 1): {"RE"},
    ("MSH", 11): {"P", "T", "D"},
    ("MSH", 12): {"2.5.1"},
    ("MSH", 15): {"AL", "NE", "ER", "SU"},
    ("MSH", 16): {"AL", "NE", "ER", "SU"},
    ("MSH", 9): {"ORU^R01^ORU_R01"},
}
PROFILES = {
    ("PHLabReport-Ack", "2.16.840.1.113883.9.10"),
    ("PHLabReport-NoAck", "2.16.840.1.113883.9.11"),
    ("PHLabReport-Batch", "2.16.840.1.113883.9.12"),
}
TIME_WITH_ZONE = re.compile(r"\d{14}(\.\d{1,4})?[+-]\d{4}")
TIME = re.compile(r"\d{4}(\d{2}(\d{2}(\d{2}(\d{2}(\d{2}(\.\d{1,4})?)?)?)?)?)?([+-]\d{4})?")
TIMES = (("PID", 7), ("OBR", 7), ("OBR", 22), ("OBX", 14), ("SPM", 17))
OID = re.compile(r"[0-2](\.(0|[1-9]\d*))+")
SNOMED_OR_LOINC = {"LN": re.compile(r"\d+-\d"), "SCT": re.compile(r"\d{6,18}")}
CODED = (("OBR", 4), ("OBX", 3), ("SPM", 4))
ESCAPE = re.compile(r"\\(?:[FSTRE]|X[0-9A-F]+)\\")


def find_faults(content: bytes) -> list[str]:
    """Return what the guide forbids; empty for a conforming message."""
    text = content.decode()
    if not text.startswith("MSH|^~\\&|") or not text.endswith("\r") or "\n" in text:
        return ["MSH-1, MSH-2 or the ends of segments"]
    segments = [_split(line) for line in text.removesuffix("\r").split("\r")]
    return [*_check_structure(segments), *(fault for fields in segments for fault in _check_segment(fields))]


def _split(line: str) -> list[str]:
    """Return the fields by HL7's numbers, with the segment's name at 0."""
    fields = line.split("|")
    return ["MSH", "|", *fields[1:]] if fields[0] == "MSH" else fields


def _check_structure(segments: list[list[str]]) -> Iterator[str]:
    if not STRUCTURE.fullmatch(" ".join(fields[0] for fields in segments) + " "):
        yield "the order or number of segments"
    first = {fields[0]: fields for fields in segments}
    if (first.get("ORC") or [""] * 4)[3] != (first.get("OBR") or [""] * 4)[3]:
        yield "ORC-3 isn't OBR-3"
    withdrawn = [fields for fields in segments if fields[0] == "OBX" and _get(fields, 11) in ("C", "W")]
    if withdrawn and _get(first.get("OBR", ["OBR"]), 25) not in ("C",):
        yield "OBR-25 must be C if an OBX-11 is C or W"


def _check_segment(fields: list[str]) -> Iterator[str]:
    name = fields[0]
    for number in REQUIRED.get(name, ()):
        if not _get(fields, number).strip("^&~"):
            yield f"{name}-{number} is required"
    for number in FORBIDDEN.get(name, ()):
        if _get(fields, number):
            yield f"{name}-{number} isn't supported"
    for number, value in enumerate(fields):
        if name == "MSH" and number in (1, 2):
            continue
        if "~" in value and (name, number) not in REPEATABLE:
            yield f"{name}-{number} doesn't repeat"
        if "\\" in ESCAPE.sub("", value):
            yield f"{name}-{number} has a broken escape sequence"
        if (name, number) in SETS and value and value not in SETS[name, number]:
            yield f"{name}-{number} isn't in its value set"
    yield from {"MSH": _check_header, "PID": _check_patient, "OBX": _check_observation}.get(name, _check_nothing)(
        fields
    )
    for segment, number in TIMES:
        if segment == name and _get(fields, number) and not TIME.fullmatch(_get(fields, number)):
            yield f"{name}-{number} isn't a time"
    for segment, number in CODED:
        if segment == name:
            yield from _check_code(f"{name}-{number}", _get(fields, number))
    yield from _check_identifiers(fields)


def _check_nothing(fields: list[str]) -> Iterator[str]:
    return iter(())


def _check_header(fields: list[str]) -> Iterator[str]:
    if not TIME_WITH_ZONE.fullmatch(_get(fields, 7)):
        yield "MSH-7 isn't a time to the second with a zone"
    for number in (3, 4, 5, 6):
        name, oid, kind = (_get(fields, number).split("^") + [""] * 3)[:3]
        if not name or kind not in ("ISO", "CLIA") or (kind == "ISO" and not OID.fullmatch(oid)):
            yield f"MSH-{number} isn't a designator"
    profile = _get(fields, 21).split("^") + [""] * 4
    if (profile[0], profile[2]) not in PROFILES or profile[3] != "ISO":
        yield "MSH-21 isn't a profile of the guide"
    if len(_get(fields, 10)) > 199:
        yield "MSH-10 is too long"


def _check_patient(fields: list[str]) -> Iterator[str]:
    for identifier in _get(fields, 3).split("~"):
        parts = identifier.split("^") + [""] * 5
        authority = parts[3].split("&") + [""] * 3
        if not parts[0] or not parts[4] or authority[2] not in ("ISO", "CLIA") or not authority[1]:
            yield "PID-3 needs an id, its authority and its type"
    if not _get(fields, 5).split("^")[0] and "S" not in _get(fields, 5).split("^"):
        yield "PID-5 needs a family name"
    for contact in filter(None, _get(fields, 13).split("~")):
        parts = contact.split("^") + [""] * 7
        if not (parts[3] or parts[6]):
            yield "PID-13 needs a local number or an e-mail address"
        if parts[6] and not all(part.isdigit() for part in filter(None, parts[4:7])):
            yield "PID-13 isn't a number"


def _check_observation(fields: list[str]) -> Iterator[str]:
    if _get(fields, 2) in ("CE", "CWE"):
        parts = _get(fields, 5).split("^") + [""] * 9
        if parts[0]:
            yield from _check_code("OBX-5", _get(fields, 5))
        elif not parts[8]:
            yield "OBX-5 needs a code or the original text"
    flag = _get(fields, 8).split("^") + [""] * 3
    if flag[0] and (flag[2] != "HL70078" or flag[0] not in {"A", "AA", "H", "HH", "L", "LL", "N", "R", "S", "I", "MS"}):
        yield "OBX-8 isn't in its value set"
    organization = _get(fields, 23).split("^") + [""] * 10
    if not organization[0] and not organization[9]:
        yield "OBX-23 needs a name or an id"
    if organization[9] and not (organization[5] and organization[6]):
        yield "OBX-23 needs the authority and type of its id"


def _check_code(place: str, value: str) -> Iterator[str]:
    code, text, system = (value.split("^") + [""] * 3)[:3]
    if system not in SNOMED_OR_LOINC or not SNOMED_OR_LOINC[system].fullmatch(code) or not text:
        yield f"{place} isn't a code of LOINC or SNOMED CT with its name"
    elif system == "SCT" and not _has_check_digit(code):
        yield f"{place} has a wrong check digit"
    elif place in ("OBR-4", "OBX-3") and system != "LN":
        yield f"{place} isn't LOINC"


def _check_identifiers(fields: list[str]) -> Iterator[str]:
    """Check OBR-3 and SPM-2, whose ids need an authority."""
    if fields[0] == "OBR":
        parts = _get(fields, 3).split("^") + [""] * 4
        if not parts[0] or not OID.fullmatch(parts[2]) or parts[3] != "ISO":
            yield "OBR-3 needs an id and its authority"
    if fields[0] == "SPM":
        filler = [*f"{_get(fields, 2)}^".split("^")[1].split("&"), "", "", "", ""]
        if not filler[0] or not OID.fullmatch(filler[2]) or filler[3] != "ISO":
            yield "SPM-2 needs the filler's id and its authority"


def _get(fields: list[str], number: int) -> str:
    return fields[number] if number < len(fields) else ""


MULTIPLY = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
PERMUTE = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)


def _has_check_digit(code: str) -> bool:
    """Whether the last digit of an id of SNOMED CT is right (Verhoeff's algorithm)."""
    check = 0
    for position, digit in enumerate(reversed(code)):
        check = int(MULTIPLY[check][int(PERMUTE[position % 8][int(digit)])])
    return check == 0
