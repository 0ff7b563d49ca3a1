"""A row of SORMAS' import of self-reports, as CSV with a header.

Columns are the paths of SORMAS' SelfReportDto: https://github.com/SORMAS-Foundation/SORMAS-Project. A row adds a
self-report, and can't change one: a correction is another row with the same caseReference, and a comment that staff
read.
"""

from __future__ import annotations

import csv
import io

from reporting.report import Parties, Report, Status, require

CONTENT_TYPE, SUFFIX = "text/csv; charset=utf-8", ".csv"
# SORMAS' limits of texts (FieldConstraints)
MAX_LENGTH = 512
COMMENTS = {
    Status.FINAL: "Registered",
    Status.CORRECTED: "Correction of the report with this case reference",
    Status.WITHDRAWN: "Withdrawal of the report with this case reference: entered in error",
}


def write(report: Report, parties: Parties) -> bytes:
    """Write a file with one row.

    Raises:
        IncompleteReport: a required field is unknown.
    """
    require(report, "case_reference", "given_name", "family_name")
    row = {
        "type": "CASE",
        "reportDate": f"{report.reported_at:{parties.day_format}}",
        "caseReference": report.case_reference,
        "disease": "CORONAVIRUS",
        "firstName": report.given_name,
        "lastName": report.family_name,
        "sex": "UNKNOWN",
        "birthdateDD": str(report.birth_date.day),
        "birthdateMM": str(report.birth_date.month),
        "birthdateYYYY": str(report.birth_date.year),
        "email": report.email,
        "phoneNumber": report.phone,
        "address.street": report.address,
        "dateOfTest": f"{report.collected_at:{parties.day_format}}" if report.barcode else "",
        "comment": _comment(report, parties),
    }
    text = io.StringIO()
    writer = csv.DictWriter(text, row.keys(), lineterminator="\r\n")
    writer.writeheader()
    writer.writerow({name: _one_line(value) for name, value in row.items()})
    return text.getvalue().encode()


def _comment(report: Report, parties: Parties) -> str:
    parts = [COMMENTS[report.status]]
    if report.result:
        parts.append(f"result: {report.result} ({parties.test_name}, {parties.laboratory.name})")
    if report.barcode:
        parts.append(f"sample: {report.barcode}")
    return "; ".join([*parts, f"message: {report.control_id}"])


def _one_line(value: str) -> str:
    """Return a value of one line, not longer than SORMAS accepts."""
    return " ".join(value.split())[:MAX_LENGTH]
