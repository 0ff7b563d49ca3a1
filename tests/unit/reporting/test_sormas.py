"""The row of SORMAS' import: columns, value sets, limits."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest

from reporting.report import IncompleteReport, Report
from reporting.sormas import write
from tests.support.authority import PARTIES, REGISTERED, REPORTS

# SelfReportDto of SORMAS 1.101, without what we don't know; the required ones first
REQUIRED = {"type", "reportDate", "disease", "firstName", "lastName", "sex"}
OPTIONAL = {
    "caseReference", "birthdateDD", "birthdateMM", "birthdateYYYY", "email", "phoneNumber", "address.street",
    "dateOfTest", "comment", "nationalHealthId", "diseaseDetails", "workplace", "dateOfSymptoms", "isolationDate",
}  # fmt: skip
SETS = {
    "type": {"CASE", "CONTACT"},
    "disease": {"CORONAVIRUS"},
    "sex": {"MALE", "FEMALE", "OTHER", "UNKNOWN"},
}
DAY = re.compile(r"(0[1-9]|1[0-2])/(0[1-9]|[12]\d|3[01])/\d{4}")


def find_faults(content: bytes) -> list[str]:
    """Return what SORMAS would refuse."""
    rows = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):
        return ["not one header and one row of its length"]
    row = dict(zip(*rows, strict=True))
    faults = [f"{name} is unknown" for name in row.keys() - REQUIRED - OPTIONAL]
    faults += [f"{name} is required" for name in REQUIRED if not row.get(name)]
    faults += [f"{name} isn't in its value set" for name, values in SETS.items() if row.get(name) not in values]
    faults += [f"{name} is too long" for name, value in row.items() if len(value) > 512]
    days = [name for name in ("reportDate", "dateOfTest") if row.get(name)]
    faults += [f"{name} isn't a day" for name in days if not DAY.fullmatch(row[name])]
    births = ("birthdateDD", "birthdateMM", "birthdateYYYY")
    faults += [f"{name} isn't a number" for name in births if not row.get(name, "0").isdigit()]
    return faults


def row_of(report: Report) -> dict[str, str]:
    [row] = csv.DictReader(io.StringIO(write(report, PARTIES).decode(), newline=""))
    return row


@pytest.mark.parametrize("name", REPORTS)
def test_a_row_has_no_fault(name: str) -> None:
    assert find_faults(write(REPORTS[name], PARTIES)) == []


def test_a_correction_and_a_withdrawal_are_rows_of_the_same_case_with_a_comment() -> None:
    rows = {name: row_of(report) for name, report in REPORTS.items()}
    assert {row["caseReference"] for row in rows.values()} == {"C-1"}
    assert rows["registered"]["comment"].startswith("Registered; result: positive (")
    assert rows["corrected"]["comment"].startswith(
        "Correction of the report with this case reference; result: negative"
    )
    assert rows["withdrawn"]["comment"].startswith(
        "Withdrawal of the report with this case reference: entered in error;"
    )
    assert len({row["comment"].split("message: ")[1] for row in rows.values()}) == 3


def test_dates_are_those_of_the_report() -> None:
    row = row_of(REGISTERED)
    assert (row["reportDate"], row["dateOfTest"]) == ("11/29/2026", "11/28/2026")
    assert (row["birthdateDD"], row["birthdateMM"], row["birthdateYYYY"]) == ("10", "5", "1990")


def test_a_case_without_a_result_is_reported() -> None:
    content = write(replace(REGISTERED, result="", barcode=""), PARTIES)
    assert find_faults(content) == []
    assert b"sample" not in content


def test_quotes_commas_and_lines_stay_in_their_cell() -> None:
    report = replace(REGISTERED, family_name='x","y', address="a\r\nb")
    assert find_faults(write(report, PARTIES)) == []
    assert (row_of(report)["lastName"], row_of(report)["address.street"]) == ('x","y', "a b")


@pytest.mark.parametrize("name", ["given_name", "family_name"])
def test_an_incomplete_report_is_refused(name: str) -> None:
    with pytest.raises(IncompleteReport, match=name):
        write(replace(REGISTERED, **{name: " "}), PARTIES)


@pytest.mark.parametrize(
    ("text", "replacement", "fault"),
    [
        ("CASE", "CASES", "type isn't in its value set"),
        ("CORONAVIRUS", "", "disease is required"),
        ("UNKNOWN", "U", "sex isn't in its value set"),
        ("11/29/2026", "2026-11-29", "reportDate isn't a day"),
        ("firstName", "givenName", "firstName is required"),
        ("Ada", "Ada,", "not one header and one row of its length"),
        ("1990", "MCMXC", "birthdateYYYY isn't a number"),
    ],
)
def test_a_planted_fault_is_found(text: str, replacement: str, fault: str) -> None:
    content = write(REGISTERED, PARTIES).decode()
    assert text in content
    assert fault in find_faults(content.replace(text, replacement, 1).encode())
