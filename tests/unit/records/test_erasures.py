"""Of an erased case there is one line in the records, and a KPI row that leads to nobody."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from kpi.indicators import compute_kpis
from kpi.rows import CaseRow, KpiRows
from records.access import Access, CaseAccess, Link
from records.cipher import Cipher
from records.drafts import Draft, Drafts
from records.erasures import ERASED, OPERATOR, PATIENT, Erasures, is_erased
from records.outbox import Message, Outbox
from records.retries import RetrySchedule
from records.sessions import Sessions
from records.submissions import Submission, Submissions
from tests.support.canaries import is_in_files

pytestmark = pytest.mark.usefixtures("records")
AT_ONCE = RetrySchedule(timedelta(), timedelta())
SEAL = Cipher("a secret of the tests")


def erased(reference: str, kept: bool = False) -> None:
    Erasures().request(reference, PATIENT)
    [erasure] = Erasures().claim()
    Erasures().complete(erasure, kept)


def test_a_case_is_asked_for_once_and_done_once() -> None:
    erasures = Erasures()
    for who in (PATIENT, OPERATOR):
        erasures.request("C-1", who)
    [erasure] = erasures.claim()
    assert list(erasures.claim()) == []
    erasures.defer(erasure, AT_ONCE)
    [erasure] = erasures.claim()
    assert not is_erased("C-1")
    erasures.complete(erasure, kept=True)
    assert list(erasures.claim()) == []
    assert is_erased("C-1")
    assert [(row.key, row.asked_by, row.state, row.kept) for row in erasures.all()] == [("C-1", PATIENT, ERASED, True)]
    # asked for again, nothing is to be done
    erasures.request("C-1", OPERATOR)
    assert list(erasures.claim()) == []


def test_the_case_counts_on_without_anything_that_leads_to_it() -> None:
    KpiRows().record("C-1", outcome="care_completed", result="positive", rating=4)
    before = compute_kpis()
    KpiRows().anonymize("C-1")
    erased("C-1")
    assert compute_kpis() == before
    # what a worker that slept meanwhile records is no second case
    KpiRows().record("C-1", outcome="care_completed", result="positive", rating=4)
    assert compute_kpis() == before
    assert CaseRow.get().case_reference.startswith("erased-")


def test_nobody_is_written_to_about_an_erased_case() -> None:
    erased("C-1")
    Outbox().add("C-1/tell_result/1", "email", "a@b.example", "result_there", "en")
    Outbox().add("C-11/tell_result/1", "email", "a@b.example", "result_there", "en")
    assert [message.key for message in Message.select()] == ["C-11/tell_result/1"]


def test_what_is_forgotten_is_of_this_case_only() -> None:
    for reference in ("C-1", "C-11"):
        Drafts(SEAL).save(f"{reference}/review", {})
        Submissions(SEAL).add(f"{reference}/task", reference, "review", {}, "")
        Outbox().add(f"{reference}/tell_result/1", "sms", "+4420", "result_there", "en")
        Access(SEAL).create_code(reference, "1990-05-10", "a@b.example")
        Access(SEAL).create_link(f"{reference}/tell_result/1", reference)
        Sessions(SEAL).save(reference, {"case": reference})
    for forget in (Drafts(SEAL), Submissions(SEAL), Outbox(), Access(SEAL)):
        forget.delete("C-1")
    Sessions(SEAL).end_sessions_of_case("C-1")
    assert [row.owner for row in Draft.select()] == ["C-11/review"]
    assert [row.case_reference for table in (Submission, CaseAccess, Link) for row in table.select()] == ["C-11"] * 3
    assert [row.key for row in Message.select()] == ["C-11/tell_result/1"]
    assert [Sessions(SEAL).find(name) for name in ("C-1", "C-11")] == [None, {"case": "C-11"}]


def test_what_waits_is_not_sent_any_more_and_what_is_being_sent_is_waited_for() -> None:
    outbox = Outbox()
    outbox.add("C-1/tell_result/1", "sms", "+4420", "result_there", "en")
    [message] = outbox.claim("sms")
    outbox.add("C-1/tell_report/1", "sms", "+4420", "report_there", "en")
    assert not outbox.cancel_waiting("C-1")
    outbox.mark_sent(message)
    assert outbox.cancel_waiting("C-1")
    assert outbox.keys("C-1", "sms") == ["C-1/tell_result/1"]


def test_what_was_deleted_is_in_no_file(tmp_path: Path) -> None:
    owner = "C-0123456789AB/review"
    Drafts(SEAL).save(owner, {})
    assert is_in_files(owner, tmp_path)
    Drafts(SEAL).delete("C-0123456789AB")
    erased("C-1")
    assert not is_in_files(owner, tmp_path)
