"""The register of papers: one code for each content, and one row for the checks of a day, however many there are."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from papers.documents import Holder, Kind, Paper
from papers.register import IssuedPaper, PaperCheck, Register
from records.cipher import Cipher
from records.erasures import PATIENT, Erasures

pytestmark = pytest.mark.usefixtures("records")

REGISTER, OTHER = Register(Cipher("k" * 32)), Register(Cipher("o" * 32))
HOLDER = Holder("Ada", "Lovelace", date(1990, 5, 10))
NEGATIVE = Paper(Kind.RESULT, HOLDER, date(2026, 3, 20), result="negative", sample="AB-1")
POSITIVE = Paper(Kind.RESULT, HOLDER, date(2026, 3, 20), result="positive", sample="AB-1")


def issue(paper: Paper = NEGATIVE, correction: int = 0, reference: str = "C-1") -> IssuedPaper:
    issued = REGISTER.issue(reference, paper, correction)
    assert issued is not None
    return issued


def test_the_same_paper_has_the_same_code_until_a_correction() -> None:
    tokens = [REGISTER.token_of(issue(*arguments)) for arguments in ((), (), (NEGATIVE, 1), (POSITIVE, 1))]
    assert tokens[0] == tokens[1]
    assert len(set(tokens)) == 3
    assert REGISTER.token_of(issue(reference="C-2")) not in tokens


def test_a_paper_is_found_by_its_code_in_its_own_installation() -> None:
    issued = issue()
    token = REGISTER.token_of(issued)
    assert REGISTER.find(token) == issued
    assert OTHER.find(token) is None


@pytest.mark.parametrize("replays", [100, pytest.param(10_000, marks=pytest.mark.verify)])
def test_replays_are_one_row(replays: int) -> None:
    issued = issue()
    for _ in range(replays):
        REGISTER.record_check(issued)
    assert PaperCheck.select().count() == 1
    [checks] = REGISTER.list_checks("C-1")
    assert (checks.kind, checks.count) == (Kind.RESULT, replays)
    assert REGISTER.list_checks("C-2") == []


def test_no_row_has_a_name_or_a_result() -> None:
    REGISTER.record_check(issue())
    rows = str([*IssuedPaper.select().dicts(), *PaperCheck.select().dicts()])
    assert [word for word in ("Ada", "Lovelace", "1990", "negative", "AB-1") if word in rows] == []


def test_an_erased_case_gets_no_paper() -> None:
    token = REGISTER.token_of(issue())
    Erasures().request("C-1", PATIENT)
    [erasure] = Erasures().claim()
    REGISTER.delete("C-1")
    Erasures().complete(erasure, kept=False)
    assert REGISTER.find(token) is None
    assert REGISTER.issue("C-1", NEGATIVE, 0) is None


def test_papers_and_checks_expire() -> None:
    REGISTER.record_check(issue())
    REGISTER.delete_older_than(timedelta(minutes=1))
    assert (IssuedPaper.select().count(), PaperCheck.select().count()) == (1, 1)
    REGISTER.delete_older_than(timedelta(minutes=-1))
    assert (IssuedPaper.select().count(), PaperCheck.select().count()) == (0, 0)
