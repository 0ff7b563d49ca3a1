"""Reads CSV, one row a test: comma, semicolon, tab or bar, with the columns in any order."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

from services.lab.gateway.messages.reports import MAX_OBSERVATIONS, Coding, Format, Observation, Report, Status, cleaned
from services.lab.gateway.messages.texts import decode, parse_birth_date

# names of the columns, in small letters with underscores; those of CDC's SimpleReport are among them
COLUMNS = {
    "specimen_id": (
        "specimen_id", "sample_id", "sample_barcode", "specimen_barcode", "barcode", "sample_number", "specimen_number",
        "accession_number", "accession",
    ),
    "order_id": ("order_id", "order_number", "placer_order_number"),
    "test_code": ("test_performed_code", "test_code", "loinc", "loinc_code", "test_loinc"),
    "test_text": ("test_performed", "test_name", "test"),
    "result": ("test_result", "result", "result_value", "final_result", "qualitative_result"),
    "result_code": ("test_result_code", "result_code"),
    "status": ("test_result_status", "result_status", "status"),
    "birth_date": ("patient_dob", "dob", "date_of_birth", "birth_date", "birthdate", "patient_birth_date",
        "patient_date_of_birth", "d_o_b",
    ),
    "family_name": ("patient_last_name", "last_name", "family_name", "surname"),
    "given_name": ("patient_first_name", "first_name", "given_name"),
    "observed_at": ("specimen_collection_date", "collection_date", "collected_at"),
    "reported_at": ("test_result_date", "result_date", "reported_at", "date_result_released"),
    "refused_item": ("refused_item",),
    "laboratory": ("testing_lab_name", "laboratory", "lab_name", "lab"),
    "laboratory_id": ("testing_lab_clia", "lab_clia", "laboratory_id"),
}  # fmt: skip
NAMES = {alias: name for name, aliases in COLUMNS.items() for alias in aliases}
# several columns of one meaning are permitted, of others the file is ambiguous
REPEATABLE = ("specimen_id", "order_id", "reported_at")
STATUSES = {
    # a row that a laboratory releases is final unless it says otherwise
    "": Status.FINAL,
    "f": Status.FINAL,
    "final": Status.FINAL,
    "final result": Status.FINAL,
    "c": Status.CORRECTED,
    "corrected": Status.CORRECTED,
    "amended": Status.CORRECTED,
    "p": Status.PRELIMINARY,
    "preliminary": Status.PRELIMINARY,
    "x": Status.WITHDRAWN,
    "w": Status.WITHDRAWN,
    "withdrawn": Status.WITHDRAWN,
    "cancelled": Status.WITHDRAWN,
    "canceled": Status.WITHDRAWN,
    "entered in error": Status.WITHDRAWN,
    "entered-in-error": Status.WITHDRAWN,
}
DELIMITERS = ",;\t|"
# lines among which the header is
MAX_LINES_BEFORE = 10
# Excel's way to keep a text like 007
FORMULA_OF_TEXT = re.compile(r'="([^"]*)"')

Row = dict[str, list[str]]


def read_csv(content: bytes) -> list[Report]:
    """Read a CSV file with a header; never raises. Returns one report."""
    text, delimiter, remarks = _decode_table(content)
    observations, problems = _read_rows(text, delimiter)
    if len(observations) > MAX_OBSERVATIONS:
        problems.append(f"has more than {MAX_OBSERVATIONS} rows")
    if observations and not text.endswith("\n"):
        observations[-1] = replace(observations[-1], may_be_cut_off=True)
    laboratories = {observation.laboratory for observation in observations}
    return [
        cleaned(
            Report(
                Format.CSV,
                sender=laboratories.pop() if len(laboratories) == 1 else "",
                observations=tuple(observations[:MAX_OBSERVATIONS]),
                problems=tuple(problems),
                remarks=tuple(remarks),
            )
        )
    ]


def read_table(content: bytes) -> tuple[list[str], dict[str, list[str]], str]:
    """Return the header of a CSV file, its rows by their place, as far as they can be read, and its delimiter."""
    text, delimiter, _ = _decode_table(content)
    header: list[str] = []
    rows: dict[str, list[str]] = {}
    with contextlib.suppress(csv.Error):
        lines = _split_rows(text, delimiter)
        header, problem = _find_header(lines)
        rows = {} if problem else dict(lines)
    return header, rows, delimiter


def _decode_table(content: bytes) -> tuple[str, str, list[str]]:
    """Return the text of a CSV file, with newlines only, its delimiter, and remarks."""
    text, remarks = decode(content)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first_lines = text.lstrip("\n").split("\n", MAX_LINES_BEFORE)[:MAX_LINES_BEFORE]
    delimiter = max(DELIMITERS, key=lambda each: max(len(_known_columns(line.split(each))) for line in first_lines))
    return text, delimiter, remarks


def _split_rows(text: str, delimiter: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the place and the cells of the header and of each row that isn't empty; raises csv.Error."""
    # strict: a quotation mark at a wrong place is an error, not a part of the value
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield f"line {reader.line_num}", cells
    except csv.Error:
        problem = f"can't be read from line {reader.line_num} on: quotation marks or a cell are damaged"
        raise csv.Error(problem) from None


def _read_rows(text: str, delimiter: str) -> tuple[list[Observation], list[str]]:
    observations: list[Observation] = []
    rows = _split_rows(text, delimiter)
    try:
        header, problem = _find_header(rows)
        if problem:
            return [], [problem]
        names = [_column(cell) for cell in header]
        observations.extend(_read_row(names, cells, place) for place, cells in rows)
    except csv.Error as error:
        return observations, [str(error)]
    return observations, [] if observations else ["has no rows"]


def _find_header(rows: Iterator[tuple[str, list[str]]]) -> tuple[list[str], str]:
    """Return the header, which may follow a title or Excel's line `sep=;`, or the first row and its problem."""
    first = [cells for _, cells in itertools.islice(rows, 1)] or [[]]
    for header in itertools.chain(first, (cells for _, cells in itertools.islice(rows, MAX_LINES_BEFORE - 1))):
        if not _check_header(header):
            return header, ""
    return first[0], _check_header(first[0])


def _check_header(header: list[str]) -> str:
    known = [_column(cell) for cell in header]
    repeated = {name for name in known if name and known.count(name) > 1} - {*REPEATABLE}
    if repeated:
        return f"several columns have the same meaning: {', '.join(sorted(repeated))}"
    missing = [
        " or ".join(names)
        for names in (("specimen_id", "order_id"), ("test_code", "test_text"), ("result", "result_code"))
        if not {*names} & {*known}
    ]
    return f"has no column {', no column '.join(missing)}" if missing else ""


def _known_columns(cells: list[str]) -> list[str]:
    return [name for name in map(_column, cells) if name]


def _column(cell: str) -> str:
    """Return the meaning of a column; empty if it has none for us."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cell.strip().strip('"'))
    return NAMES.get(re.sub(r"\W+", "_", words.lower()).strip("_"), "")


def _read_row(names: list[str], cells: list[str], place: str) -> Observation:
    problems = []
    if len(cells) < len(names) or any(cell.strip() for cell in cells[len(names) :]):
        problems.append("has another number of cells than the header")
    row: Row = {}
    for name, cell in zip(names, cells, strict=False):
        if name and cell.strip():
            row.setdefault(name, []).append(FORMULA_OF_TEXT.sub(r"\1", cell.strip()))

    def first(name: str) -> str:
        return row.get(name, [""])[0]

    birth_date = parse_birth_date(first("birth_date"))
    if first("birth_date") and birth_date is None:
        problems.append("the date of birth can't be read")
    return Observation(
        place=place,
        specimen_ids=tuple(row.get("specimen_id", ())),
        order_ids=tuple(row.get("order_id", ())),
        tests=tuple(Coding(code=text, text=text) for text in (first("test_code"), first("test_text")) if text),
        values=tuple(Coding(code=text, text=text) for text in (*row.get("result", ()), *row.get("result_code", ()))),
        status=STATUSES.get(first("status").lower(), Status.UNKNOWN),
        family_name=first("family_name"),
        given_name=first("given_name"),
        birth_date=birth_date,
        observed_at=first("observed_at"),
        reported_at=first("reported_at"),
        laboratory=" ".join(filter(None, (first("laboratory"), first("laboratory_id")))),
        refused_item=first("refused_item"),
        problems=tuple(problems),
    )
