"""Records older than their retention period are deleted, unless they wait to be forwarded or sent."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from config.settings import ROOT, load
from records.access import Access, CaseAccess, Link
from records.cipher import Cipher
from records.drafts import Draft, Drafts
from records.outbox import Message, Outbox
from records.sessions import Session, Sessions
from records.submissions import Submission, Submissions
from tests.unit.webapp.test_application import application
from webapp.housekeeping import Housekeeping
from webapp.resources import resources_of

pytestmark = pytest.mark.usefixtures("records")
CIPHER = Cipher("a secret of the tests")
TABLES = (Draft, Session, Submission, Message, CaseAccess, Link)
NEGATIVE_AGE = timedelta(days=-20)


def fill() -> Housekeeping:
    drafts, sessions, submissions = Drafts(CIPHER), Sessions(CIPHER), Submissions(CIPHER)
    access, outbox = Access(CIPHER), Outbox()
    drafts.save("C-1/review", {})
    sessions.save("name", {})
    for number in (1, 2):
        submissions.add(f"C-{number}/task", f"C-{number}", "review", {}, "")
        outbox.add(f"C-{number}/tell_result/1", "email", "a@b.example", "result_there", "en")
    submissions.mark_forwarded(next(submissions.claim()))
    outbox.mark_sent(next(outbox.claim("email")))
    access.create_code("C-1", "1990-05-10")
    access.create_link("C-1/tell_result/1", "C-1")
    stores = {
        "drafts": drafts,
        "sessions": sessions,
        "submissions": submissions,
        "messages": outbox,
        "access": access,
    }
    return Housekeeping(stores, dict.fromkeys(stores, NEGATIVE_AGE))


def test_old_records_are_deleted_except_those_that_wait() -> None:
    housekeeping = fill()
    assert [table.select().count() for table in TABLES] == [1, 1, 2, 2, 1, 1]
    housekeeping.run()
    assert [table.select().count() for table in TABLES] == [0, 0, 1, 1, 0, 0]
    assert Message.get().key == "C-2/tell_result/1"
    assert Submission.get().key == "C-2/task"


def test_recent_records_are_not_deleted() -> None:
    housekeeping = fill()
    housekeeping._retention = {name: timedelta(minutes=1) for name in housekeeping._retention}
    housekeeping.run()
    assert [table.select().count() for table in TABLES] == [1, 1, 2, 2, 1, 1]


def test_a_store_that_fails_does_not_block_the_others() -> None:
    class Broken:
        def delete_older_than(self, age: timedelta) -> None:
            raise KeyError("Ada Lovelace")

    housekeeping = fill()
    housekeeping._stores = {"broken": Broken(), **housekeeping._stores}
    housekeeping._retention = {"broken": NEGATIVE_AGE, **housekeeping._retention}
    with pytest.raises(KeyError):
        housekeeping.run()
    assert [table.select().count() for table in TABLES] == [0, 0, 1, 1, 0, 0]


def test_each_store_has_a_retention_period() -> None:
    stores = resources_of(application()).housekeeping._stores
    assert stores.keys() == load().retention.model_dump().keys() - {"cases"}


def test_the_history_time_to_live_of_the_models_is_the_retention_of_cases() -> None:
    models = [*(ROOT / "processes").glob("*.bpmn"), *(ROOT / "processes").glob("*.dmn")]
    ttls = {found for model in models for found in re.findall(r'historyTimeToLive="(.*?)"', model.read_text())}
    assert ttls == {f"P{load().retention.cases.days}D"}
    assert len(models) >= 7
