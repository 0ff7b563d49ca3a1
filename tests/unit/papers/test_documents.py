"""Which papers a case gives its patient, and until when notices last."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from papers.documents import Kind, Paper, find_holder, list_papers

SAMPLED, SENT = datetime(2026, 3, 20, 23, 30, tzinfo=UTC), datetime(2026, 3, 21, 12, tzinfo=UTC)
POLICY = {"isolation_days": 10, "quarantine_days": 14}
PERSON = {"policy": POLICY, "given_name": "Ada", "family_name": "Lovelace", "date_of_birth": "1990-05-10"}
FIRST = f"Sample 1, AB-1, taken {SAMPLED.isoformat()}: negative; "
NEGATIVE = {
    **PERSON,
    "lab_result": "negative",
    "lab_result_barcode": "AB-1",
    "sample_taken_at": SAMPLED,
    "result_told_at": SENT,
    "results_so_far": FIRST,
}
POSITIVE = {**NEGATIVE, "lab_result": "positive"}
EXPOSED = {"exposed": True, "last_exposure_date": "2026-03-15"}
REPORTED = {"report_published_at": SENT, "isolation_until": "2026-04-02"}


def papers(values: dict[str, Any], zone: str = "UTC") -> list[tuple[Any, ...]]:
    return [(each.kind, each.on, each.until, each.result) for each in list_papers(values, ZoneInfo(zone))]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (PERSON, []),
        ({**NEGATIVE, "family_name": None}, []),
        ({**NEGATIVE, "date_of_birth": None}, []),
        # before the patient was notified
        ({**NEGATIVE, "result_told_at": None}, []),
        ({**NEGATIVE, "lab_result": "entered_in_error"}, []),
        ({**NEGATIVE, "lab_result": "inconclusive"}, []),
        (NEGATIVE, [(Kind.RESULT, date(2026, 3, 20), None, "negative")]),
        (
            POSITIVE,
            [
                (Kind.RESULT, date(2026, 3, 20), None, "positive"),
                (Kind.ISOLATION, date(2026, 3, 20), date(2026, 3, 30), ""),
            ],
        ),
        ({**POSITIVE, "onset_date": "2026-03-18"}, [..., (Kind.ISOLATION, date(2026, 3, 20), date(2026, 3, 28), "")]),
        # the isolation by the rule was over before the sample
        ({**POSITIVE, "onset_date": "2026-03-01"}, [...]),
        ({**POSITIVE, **REPORTED}, [..., (Kind.ISOLATION, date(2026, 3, 20), date(2026, 4, 2), "")]),
        # not published yet
        (
            {**POSITIVE, "isolation_until": "2026-04-02"},
            [..., (Kind.ISOLATION, date(2026, 3, 20), date(2026, 3, 30), "")],
        ),
        ({**PERSON, **EXPOSED}, [(Kind.QUARANTINE, date(2026, 3, 15), date(2026, 3, 29), "")]),
        ({**NEGATIVE, **EXPOSED}, [..., (Kind.QUARANTINE, date(2026, 3, 15), date(2026, 3, 29), "")]),
        ({**POSITIVE, **EXPOSED}, [..., (Kind.ISOLATION, date(2026, 3, 20), date(2026, 3, 30), "")]),
        ({**NEGATIVE, **REPORTED}, [..., (Kind.ISOLATION, date(2026, 3, 21), date(2026, 4, 2), "")]),
        (
            {**POSITIVE, "watch_outcome": "released", "watch_ended_at": SENT},
            [..., ..., (Kind.RELEASE, date(2026, 3, 21), None, "")],
        ),
        ({**NEGATIVE, **EXPOSED, "watch_outcome": "released", "watch_ended_at": SENT}, [..., ...]),
        ({**POSITIVE, "watch_outcome": "hospital", "watch_ended_at": SENT}, [..., ...]),
    ],
)
def test_the_papers_of_a_case(values: dict[str, Any], expected: list[Any]) -> None:
    found = papers(values)
    assert len(found) == len(expected)
    assert [paper for paper, wanted in zip(found, expected, strict=True) if wanted not in (..., paper)] == []


def test_days_are_those_where_the_patient_lives() -> None:
    assert papers(NEGATIVE, "Europe/Berlin")[0][1] == date(2026, 3, 21)


def test_a_result_of_an_earlier_sample_is_not_the_current_one() -> None:
    second = "Sample 2, AB-2, taken 2026-03-24T09:00:00Z: positive; "
    values = {**POSITIVE, "lab_result_barcode": "AB-2", "results_so_far": FIRST + second}
    results = [paper for paper in list_papers(values, ZoneInfo("UTC")) if paper.kind == Kind.RESULT]
    assert [(each.sample, each.result, each.on, each.is_current) for each in results] == [
        ("AB-2", "positive", date(2026, 3, 24), True),
        ("AB-1", "negative", date(2026, 3, 20), False),
    ]
    # it is the same paper as before the second sample
    [before] = list_papers(NEGATIVE, ZoneInfo("UTC"))
    assert before.content == results[1].content


def test_initials_are_those_of_given_and_family_name() -> None:
    holder = find_holder({**PERSON, "given_name": " élise  marie ", "family_name": "de Vries"})
    assert holder is not None
    assert (holder.initials, holder.given_name) == ("É. D.", "élise marie")


def test_a_paper_does_not_print_the_barcode_but_depends_on_it() -> None:
    [paper] = list_papers(NEGATIVE, ZoneInfo("UTC"))
    other = Paper(**{**paper.__dict__, "sample": "AB-2"})
    assert paper.content != other.content
