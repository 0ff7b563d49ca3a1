"""Of an erased case only the erasure itself and an anonymous KPI row stay in the records."""

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
CIPHER = Cipher("a secret of the tests")


def erase(reference: str, kept: bool = False) -> None:
    Erasures().request(reference, PATIENT)
    [erasure] = Erasures().claim()
    Erasures().complete(erasure, kept)


def test_a_case_is_erased_once_however_often_it_is_requested() -> None:
    erasures = Erasures()
    for requester in (PATIENT, OPERATOR):
        erasures.request("C-1", requester)
    [erasure] = erasures.claim()
    assert list(erasures.claim()) == []
    erasures.defer(erasure, AT_ONCE)
    [erasure] = erasures.claim()
    assert not is_erased("C-1")
    erasures.complete(erasure, kept=True)
    assert list(erasures.claim()) == []
    assert is_erased("C-1")
    assert [(row.key, row.asked_by, row.state, row.kept) for row in erasures.all()] == [("C-1", PATIENT, ERASED, True)]
    # a request after the erasure creates no work
    erasures.request("C-1", OPERATOR)
    assert list(erasures.claim()) == []


def test_an_erased_case_stays_in_the_kpis_anonymously() -> None:
    KpiRows().record("C-1", outcome="care_completed", result="positive", rating=4)
    before = compute_kpis()
    KpiRows().anonymize("C-1")
    erase("C-1")
    assert compute_kpis() == before
    # a late report of a worker creates no second row
    KpiRows().record("C-1", outcome="care_completed", result="positive", rating=4)
    assert compute_kpis() == before
    assert CaseRow.get().case_reference.startswith("erased-")


def test_no_message_is_added_for_an_erased_case() -> None:
    erase("C-1")
    Outbox().add("C-1/tell_result/1", "email", "a@b.example", "result_there", "en")
    Outbox().add("C-11/tell_result/1", "email", "a@b.example", "result_there", "en")
    assert [message.key for message in Message.select()] == ["C-11/tell_result/1"]


def test_deletion_affects_only_the_given_case() -> None:
    for reference in ("C-1", "C-11"):
        Drafts(CIPHER).save(f"{reference}/review", {})
        Submissions(CIPHER).add(f"{reference}/task", reference, "review", {}, "")
        Outbox().add(f"{reference}/tell_result/1", "sms", "+4420", "result_there", "en")
        Access(CIPHER).create_code(reference, "1990-05-10", "a@b.example")
        Access(CIPHER).create_link(f"{reference}/tell_result/1", reference)
        Sessions(CIPHER).save(reference, {"case": reference})
    for store in (Drafts(CIPHER), Submissions(CIPHER), Outbox(), Access(CIPHER)):
        store.delete("C-1")
    Sessions(CIPHER).end_sessions_of_case("C-1")
    assert [row.owner for row in Draft.select()] == ["C-11/review"]
    assert [row.case_reference for table in (Submission, CaseAccess, Link) for row in table.select()] == ["C-11"] * 3
    assert [row.key for row in Message.select()] == ["C-11/tell_result/1"]
    assert [Sessions(CIPHER).find(name) for name in ("C-1", "C-11")] == [None, {"case": "C-11"}]


def test_waiting_messages_are_cancelled_but_one_being_sent_delays_the_erasure() -> None:
    outbox = Outbox()
    outbox.add("C-1/tell_result/1", "sms", "+4420", "result_there", "en")
    [message] = outbox.claim("sms")
    outbox.add("C-1/tell_report/1", "sms", "+4420", "report_there", "en")
    assert not outbox.cancel_waiting("C-1")
    outbox.mark_sent(message)
    assert outbox.cancel_waiting("C-1")
    assert outbox.keys("C-1", "sms") == ["C-1/tell_result/1"]


def test_deleted_data_is_in_no_database_file(tmp_path: Path) -> None:
    owner = "C-0123456789AB/review"
    Drafts(CIPHER).save(owner, {})
    assert is_in_files(owner, tmp_path)
    Drafts(CIPHER).delete("C-0123456789AB")
    erase("C-1")
    assert not is_in_files(owner, tmp_path)
