"""Reads HL7 v2 ORU^R01, with or without batch headers and MLLP framing, leniently in form and strictly in meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import hl7

from services.lab.gateway.messages.reports import MAX_OBSERVATIONS, Coding, Format, Observation, Report, Status, cleaned
from services.lab.gateway.messages.texts import decode, parse_birth_date

# HL7 table 0085 (OBX-11); U, "final without retransmission", has no value, and the others are no statuses of a result
STATUSES = {
    "F": Status.FINAL,
    "C": Status.CORRECTED,
    "P": Status.PRELIMINARY,
    "S": Status.PRELIMINARY,
    "R": Status.PRELIMINARY,
    "I": Status.PRELIMINARY,
    "X": Status.WITHDRAWN,
    "W": Status.WITHDRAWN,
    "D": Status.WITHDRAWN,
}
# the order was cancelled, so that it has no results: OBR-25 (HL7 table 0123), ORC-1 (0119), ORC-5 (0038)
CANCELLED_REQUEST = ("X",)
CANCELLED_CONTROL = ("CA", "OC", "CR", "DC", "OD", "DR")
CANCELLED_ORDER = ("CA", "DC")
# MSH-18 (HL7 table 0211), of messages that aren't UTF-8; others are read as ISO 8859-1
CHARACTER_SETS = {
    **{f"8859/{number}": f"iso8859-{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
    "ISO IR14": "iso2022_jp",
    "ISO IR87": "iso2022_jp",
    "ISO IR159": "iso2022_jp_1",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
}
# OBX-2 of codes and of texts
CODED = ("CWE", "CE", "CNE", "CF", "")
TEXTUAL = ("ST", "TX", "FT", "IS", "ID", "SN", "NM")
FILE_SEGMENTS = ("FHS", "BHS", "BTS", "FTS")
# of ORU^R01 in HL7 2.3 to 2.8; names beginning with Z are local ones
SEGMENTS = (
    *("MSH", "SFT", "UAC", "PID", "PD1", "ARV", "NTE", "NK1", "PV1", "PV2", "PRT", "ORC", "OBR", "TQ1", "TQ2", "CTD"),
    *("OBX", "OBS", "FT1", "CTI", "SPM", "SAC", "DG1", "DSC", "AL1", "IN1"),
)
HEADER = re.compile(r"MSH([^\w\s])([^\w\s])([^\w\s])([^\w\s])([^\w\s])[^\w\s]?\1")
NEW_LINE = re.compile(r"\r\n|\r|\n")
ESCAPES = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\", ".br": "\n", "H": "", "N": ""}
HEXADECIMAL = re.compile(r"X(?:[0-9A-Fa-f]{2})+")
START_BLOCK, END_BLOCK = "\x0b", "\x1c"
BROKEN_LINE = "line {} isn't a segment of ORU^R01; the segment before it may be broken"


def read_hl7(content: bytes) -> list[Report]:
    """Read all messages of a file or of one transmission; never raises. Returns at least one report."""
    text, remarks = decode(content, _find_character_set(content))
    lines = [line.strip(START_BLOCK + END_BLOCK + " ") for line in NEW_LINE.split(text)]
    starts = [number for number, line in enumerate(lines) if line.startswith("MSH")]
    if not starts:
        return [Report(Format.HL7, problems=("isn't HL7 v2: no segment MSH",), remarks=tuple(remarks))]
    is_complete = text.endswith(("\r", "\n", END_BLOCK))
    reports = [
        _read_message(lines[start:end], start + 1, is_complete or end < len(lines))
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)
    ]
    if problem := _check_envelope(lines, len(reports)):
        reports.append(Report(Format.HL7, problems=(problem,)))
    return [cleaned(_with_remarks(report, remarks)) for report in reports]


def _find_character_set(content: bytes) -> str:
    """Return Python's name of the character set in MSH-18; empty if there is none, or it is UTF-8 or unknown."""
    header = re.search(rb"MSH([^\w\s])[^\r\n]*", content[:2000])
    fields = header[0].split(header[1]) if header else []
    return CHARACTER_SETS.get(fields[17].decode("latin-1").strip().upper(), "") if len(fields) > 17 else ""


def read_header(content: bytes) -> dict[int, str]:
    """Return the fields of the first MSH segment by number, as sent, for an acknowledgement; empty without one."""
    text, _ = decode(content)
    line = next((line for line in NEW_LINE.split(text.lstrip(START_BLOCK)) if line.startswith("MSH")), "")
    return dict(enumerate(line.split(line[3]), 1)) if HEADER.match(line) else {}


def _with_remarks(report: Report, remarks: list[str]) -> Report:
    return replace(report, remarks=(*report.remarks, *remarks))


def _check_envelope(lines: list[str], messages: int) -> str:
    """Return a problem of what surrounds the messages; an empty text if there is none."""
    start = next(number for number, line in enumerate(lines) if line.startswith("MSH"))
    if any(line and line[:3] not in FILE_SEGMENTS for line in lines[:start]):
        return "there are lines before the first message"
    counts = [re.match(r"BTS[^\w\s](\d+)", line) for line in lines]
    announced = sum(int(count[1]) for count in counts if count and len(count[1]) < 10)
    if any(counts) and announced != messages:
        return f"the batch trailer counts {announced} messages, the batch has {messages}"
    return ""


class _Segment:
    """A segment, whose fields are read with a length check. Numbers are HL7's, from 1."""

    def __init__(self, fields: Any, escape: str):
        self._fields = fields
        self._escape = escape

    def get(self, number: int, component: int = 1, subcomponent: int = 0, repetition: int = 1) -> str:
        """Return a component, or one of its subcomponents, without escape sequences; empty if there is none."""
        node = _child(_child(self._fields, number), repetition - 1)
        node = _child(node, component - 1)
        node = _child(node, subcomponent - 1) if subcomponent else node
        return _unescape(str(node), self._escape).strip()

    def repetitions(self, number: int) -> range:
        return range(1, max(1, len(_as_list(_child(self._fields, number)))) + 1)

    def has_more_than(self, number: int) -> bool:
        """Whether the segment has a field after this one, even an empty one."""
        return len(self._fields) > number + 1


def _child(node: Any, index: int) -> Any:
    """Return a child of python-hl7's tree, in which a text stands for a node with one child."""
    if isinstance(node, str):
        return node if index == 0 else ""
    return list.__getitem__(node, index) if index < len(node) else ""


def _as_list(node: Any) -> list[Any]:
    return [node] if isinstance(node, str) else list(node)


def _unescape(text: str, escape: str) -> str:
    r"""Replace escape sequences, such as \T\. python-hl7's own function logs the text where it fails."""
    if escape not in text:
        return text
    parts = text.split(escape)
    if len(parts) % 2 == 0:
        # an odd number of escape characters: a broken sequence, which is left as it is
        return text
    return "".join(_replace_escape(part, escape) if number % 2 else part for number, part in enumerate(parts))


def _replace_escape(name: str, escape: str) -> str:
    if name in ESCAPES:
        return ESCAPES[name]
    if HEXADECIMAL.fullmatch(name):
        return bytes.fromhex(name[1:]).decode("latin-1")
    return escape + name + escape


@dataclass
class _Order:
    """An OBR segment with the segments that belong to it, and its patient."""

    patient: _Segment | None
    control: _Segment | None
    request: _Segment | None
    observations: list[tuple[int, _Segment]] = field(default_factory=list)
    specimens: list[_Segment] = field(default_factory=list)


def _read_message(lines: list[str], first_line: int, is_complete: bool) -> Report:
    if not HEADER.match(lines[0]):
        return Report(Format.HL7, problems=("the separators in MSH-1 and MSH-2 are damaged",))
    lines = [line for line in lines if line[:3] not in FILE_SEGMENTS]
    separator, escape = lines[0][3], lines[0][6]
    names = [line.split(separator, 1)[0] for line in lines]
    problems = [
        BROKEN_LINE.format(first_line + number)
        for number, (line, name) in enumerate(zip(lines, names, strict=True))
        if line and name not in SEGMENTS and not re.fullmatch(r"Z[A-Z0-9]{2}", name)
    ]
    try:
        message = hl7.parse("\r".join(line for line in lines if line))
    except (hl7.HL7Exception, ValueError, LookupError) as error:
        return Report(Format.HL7, problems=(f"can't be split into segments ({type(error).__name__})",))
    segments = [(str(_child(_child(each, 0), 0)), _Segment(each, escape)) for each in message]
    header = segments[0][1]
    orders = list(_group(segments))
    observations = [each for order in orders for each in _read_order(order, header)]
    if not is_complete and observations and not segments[-1][1].has_more_than(_last_id_field(segments[-1][0])):
        observations = [_cut_off(each) for each in observations]
    problems += _check_header(header)
    if not observations:
        problems.append("has no result: no segment OBX")
    if len(observations) > MAX_OBSERVATIONS:
        problems.append(f"has more than {MAX_OBSERVATIONS} results")
    return Report(
        Format.HL7,
        control_id=header.get(10),
        sender=" ".join(filter(None, (header.get(4), header.get(4, 2)))) or header.get(3),
        observations=tuple(observations[:MAX_OBSERVATIONS]),
        problems=tuple(problems[:20]),
    )


def _last_id_field(name: str) -> int:
    """Return the number of the last field of a segment that contains an id."""
    return {"ORC": 3, "OBR": 3, "SPM": 2, "SAC": 3}.get(name, -1)


def _cut_off(observation: Observation) -> Observation:
    return replace(observation, may_be_cut_off=True)


def _check_header(header: _Segment) -> list[str]:
    problems = []
    if header.get(9) != "ORU" or header.get(9, 2) not in ("R01", ""):
        problems.append("isn't a message of type ORU^R01 (MSH-9)")
    if header.get(11) not in ("P", ""):
        problems.append("is for training or debugging, not for production (MSH-11)")
    if header.get(12) and not header.get(12).startswith("2."):
        problems.append("isn't of HL7 version 2 (MSH-12)")
    return problems


def _group(segments: list[tuple[str, _Segment]]) -> Iterator[_Order]:
    """Yield the orders of a message: SPM follows the OBX segments of its order, ORC precedes its OBR."""
    patient = control = None
    order: _Order | None = None
    numbers = 0
    for name, segment in segments:
        if name in ("PID", "ORC", "OBR") and order and (name != "OBR" or order.request):
            yield order
            order = None
        if name == "PID":
            patient, control = segment, None
        elif name == "ORC":
            control = segment
        elif name == "OBR":
            order, control = _Order(patient, control, segment), None
        elif name in ("OBX", "SPM", "SAC"):
            # without OBR
            order = order or _Order(patient, control, None)
            if name != "OBX":
                order.specimens.append(segment)
            else:
                numbers += 1
                order.observations.append((numbers, segment))
    if order:
        yield order


def _read_order(order: _Order, header: _Segment) -> Iterator[Observation]:
    request, patient = order.request, order.patient
    problems = [] if request else ["has no order (OBR)"]
    birth_date = None
    if patient and (text := patient.get(7)):
        birth_date = parse_birth_date(text)
        problems += [] if birth_date else ["the date of birth can't be read (PID-7)"]
    if not patient:
        problems.append("has no patient (PID)")
    for number, segment in order.observations:
        yield Observation(
            place=f"OBX {number}",
            specimen_ids=tuple(identifier for specimen in order.specimens for identifier in _specimen_ids(specimen)),
            order_ids=tuple(
                each.get(number) for each in (order.control, request) if each for number in (2, 3) if each.get(number)
            ),
            tests=tuple(_codings(segment, 3)),
            values=tuple(_values(segment)),
            flags=tuple(
                Coding(flag, segment.get(8, 3, repetition=n))
                for n in segment.repetitions(8)
                if (flag := segment.get(8, repetition=n))
            ),
            status=STATUSES.get(segment.get(11), Status.UNKNOWN),
            family_name=patient.get(5, 1, 1) if patient else "",
            given_name=patient.get(5, 2) if patient else "",
            birth_date=birth_date,
            observed_at=segment.get(14) or (request.get(7) if request else ""),
            reported_at=(request.get(22) if request else "") or header.get(7),
            laboratory=" ".join(filter(None, (segment.get(23), segment.get(23, 10)))) or header.get(4),
            is_question=segment.get(29) == "QST",
            problems=(*problems, *_check_observation(segment, order)),
        )


def _specimen_ids(specimen: _Segment) -> Iterator[str]:
    """Yield the ids of a specimen (SPM-2: placer's and filler's, SPM-30: accession) or of its container (SAC-2, 3)."""
    fields = ((2, 1), (3, 1)) if specimen.get(0) == "SAC" else ((2, 1), (2, 2), (30, 1))
    yield from filter(None, (specimen.get(number, component, 1) for number, component in fields))


def _check_order(order: _Order) -> Iterator[str]:
    """Yield what contradicts a result of the order."""
    if any(specimen.get(21) for specimen in order.specimens if specimen.get(0) == "SPM"):
        yield "the specimen was rejected, but has a result (SPM-21)"
    control = order.control
    if control and (control.get(1) in CANCELLED_CONTROL or control.get(5) in CANCELLED_ORDER):
        yield "the order was cancelled, but has a result (ORC-1, ORC-5)"
    if order.request and order.request.get(25) in CANCELLED_REQUEST:
        yield "the order was cancelled, but has a result (OBR-25)"


def _check_observation(segment: _Segment, order: _Order) -> Iterator[str]:
    if segment.get(2) not in (*CODED, *TEXTUAL):
        yield "the result isn't a code or a text (OBX-2)"
    if STATUSES.get(segment.get(11)) is not Status.WITHDRAWN:
        yield from _check_order(order)


def _values(segment: _Segment) -> Iterator[Coding]:
    for repetition in segment.repetitions(5):
        if segment.get(2) in TEXTUAL:
            if text := segment.get(5, repetition=repetition):
                yield Coding(code=text, text=text)
        else:
            yield from _codings(segment, 5, repetition)


def _codings(segment: _Segment, number: int, repetition: int = 1) -> Iterator[Coding]:
    """Yield the codings of a coded element: code, text and system, the same of an alternate code, and a text."""
    for first in (1, 4):
        coding = Coding(
            segment.get(number, first, repetition=repetition),
            segment.get(number, first + 2, repetition=repetition),
            segment.get(number, first + 1, repetition=repetition),
        )
        if coding.code or coding.text:
            yield coding
    if text := segment.get(number, 9, repetition=repetition):
        yield Coding(text=text)
