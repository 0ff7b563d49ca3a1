"""Whether an issued paper holds: by what its case says now, and by how often it was corrected since."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from papers.checking import State, Verdict, check
from papers.documents import list_papers
from papers.register import IssuedPaper, Register
from records.cipher import Cipher

pytestmark = pytest.mark.usefixtures("records")

REGISTER = Register(Cipher("k" * 32))
SAMPLED, REPORTED = datetime(2026, 3, 20, 9, tzinfo=UTC), datetime(2026, 3, 21, 12, tzinfo=UTC)
STARTS = [datetime(2026, 3, day, tzinfo=UTC) for day in (19, 22, 23)]
FIRST = f"Sample 1, AB-1, taken {SAMPLED.isoformat()}: negative; "
NEGATIVE = {
    "policy": {"isolation_days": 10, "quarantine_days": 14},
    "given_name": "Ada",
    "family_name": "Lovelace",
    "date_of_birth": "1990-05-10",
    "lab_result": "negative",
    "lab_result_barcode": "AB-1",
    "sample_taken_at": SAMPLED,
    "result_told_at": SAMPLED,
    "results_so_far": FIRST,
    "correction_number": 0,
}
POSITIVE = {**NEGATIVE, "lab_result": "positive"}
CORRECTED = {**POSITIVE, "correction_number": 1}
TWICE = {**NEGATIVE, "correction_number": 2}
SECOND = {
    **POSITIVE,
    "lab_result_barcode": "AB-2",
    "results_so_far": FIRST + f"Sample 2, AB-2, taken {REPORTED.isoformat()}: positive; ",
}


def issue(values: dict[str, Any], kind: str) -> IssuedPaper:
    paper = next(each for each in list_papers(values, UTC) if each.kind == kind and each.is_current)
    issued = REGISTER.issue("C-1", paper, values["correction_number"])
    assert issued is not None
    return issued


@pytest.mark.parametrize(
    ("before", "kind", "now", "verdict"),
    [
        (NEGATIVE, "result", NEGATIVE, Verdict(State.VALID)),
        (NEGATIVE, "result", CORRECTED, Verdict(State.CORRECTED, STARTS[1])),
        # before the corrected result is sent to the patient
        (NEGATIVE, "result", {**CORRECTED, "result_told_at": None}, Verdict(State.CORRECTED, STARTS[1])),
        # corrected back: the words are the same, but the paper was void in between
        (NEGATIVE, "result", TWICE, Verdict(State.CORRECTED, STARTS[1])),
        (CORRECTED, "result", TWICE, Verdict(State.CORRECTED, STARTS[2])),
        (
            NEGATIVE,
            "result",
            {**CORRECTED, "lab_result": "entered_in_error"},
            Verdict(State.WITHDRAWN, STARTS[1]),
        ),
        # another sample doesn't change the result of the first one
        (NEGATIVE, "result", SECOND, Verdict(State.VALID)),
        (POSITIVE, "isolation", POSITIVE, Verdict(State.VALID)),
        (
            POSITIVE,
            "isolation",
            {**POSITIVE, "report_published_at": REPORTED, "isolation_until": "2026-04-05"},
            Verdict(State.CORRECTED, REPORTED),
        ),
        (POSITIVE, "isolation", {**NEGATIVE, "correction_number": 1}, Verdict(State.WITHDRAWN, STARTS[1])),
        # another name on the paper
        (NEGATIVE, "result", {**NEGATIVE, "family_name": "King"}, Verdict(State.CORRECTED)),
    ],
)
def test_a_paper_holds_as_long_as_its_case_says_the_same(
    before: dict[str, Any], kind: str, now: dict[str, Any], verdict: Verdict
) -> None:
    fingerprints = {REGISTER.fingerprint(paper): paper for paper in list_papers(now, UTC)}
    assert check(issue(before, kind), fingerprints, now, STARTS) == verdict
