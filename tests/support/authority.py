"""Reports to an authority: invented people, laboratories and authorities."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from reporting.report import Organization, Parties, Report, Status

FACILITY = Organization(
    "CoronaCare & Partners", "2.16.840.1.113883.3.9999.1", "1 Elm Street", "Springfield", "62701", "USA", "+12175550100"
)
LABORATORY = Organization(
    "North Lab",
    "2.16.840.1.113883.3.9999.2",
    "2 Oak Street",
    "Springfield",
    "62702",
    "USA",
    "+12175550101",
    "99D1234567",
)
PARTIES = Parties(
    "State Health", "2.16.840.1.113883.3.9999.3", FACILITY, LABORATORY,
    "94500-6", "SARS-CoV-2 (COVID-19) RNA [Presence] in Respiratory system specimen by NAA with probe detection",
)  # fmt: skip
REGISTERED = Report(
    key="C-1/government.register_case/1",
    status=Status.FINAL,
    case_reference="C-1",
    given_name="Ada",
    family_name="O'Neil|Müller",
    birth_date=date(1990, 5, 10),
    address="3 Pine Street\nSpringfield",
    email="ada@patients.example",
    phone="+12175550123",
    result="positive",
    barcode="AB-12345",
    specimen_type="nasopharyngeal_swab",
    collected_at=datetime(2026, 11, 28, 9, 30, tzinfo=UTC),
    reported_at=datetime(2026, 11, 29, 14, 5, 6, 789, tzinfo=UTC),
)
CORRECTED = replace(
    REGISTERED, key="C-1/government.correct_case/1", status=Status.CORRECTED, result="negative",
    reported_at=datetime(2026, 11, 30, 8, 0, tzinfo=UTC),
)  # fmt: skip
WITHDRAWN = replace(
    REGISTERED, key="C-1/government.correct_case/2", status=Status.WITHDRAWN, result="",
    reported_at=datetime(2026, 11, 30, 9, 0, tzinfo=UTC),
)  # fmt: skip
REPORTS = {"registered": REGISTERED, "corrected": CORRECTED, "withdrawn": WITHDRAWN}
