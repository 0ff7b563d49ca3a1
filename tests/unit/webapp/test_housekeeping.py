"""What has been kept for long enough is forgotten, and nothing that is still wanted."""

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
SEAL = Cipher("a secret of the tests")
TABLES = (Draft, Session, Submission, Message, CaseAccess, Link)
AT_ONCE = timedelta(days=-20)


def fill() -> Housekeeping:
    drafts, sessions, submissions = Drafts(SEAL), Sessions(SEAL), Submissions(SEAL)
    access, outbox = Access(SEAL), Outbox()
    drafts.save("C-1/review", {})
    sessions.save("name", {})
    for number in (1, 2):
        submissions.add(f"C-{number}/task", f"C-{number}", "review", {}, "")
        outbox.add(f"C-{number}/tell_result/1", "email", "a@b.example", "result_there", "en")
    submissions.mark_forwarded(next(submissions.claim()))
    outbox.mark_sent(next(outbox.claim("email")))
    access.create_code("C-1", "1990-05-10")
    access.create_link("C-1/tell_result/1", "C-1")
    kept = {
        "drafts": drafts,
        "sessions": sessions,
        "submissions": submissions,
        "messages": outbox,
        "access": access,
    }
    return Housekeeping(kept, dict.fromkeys(kept, AT_ONCE))


def test_what_is_old_is_forgotten_and_what_waits_is_kept() -> None:
    housekeeping = fill()
    assert [table.select().count() for table in TABLES] == [1, 1, 2, 2, 1, 1]
    housekeeping.run()
    assert [table.select().count() for table in TABLES] == [0, 0, 1, 1, 0, 0]
    assert Message.get().key == "C-2/tell_result/1"
    assert Submission.get().key == "C-2/task"


def test_what_is_young_is_kept() -> None:
    housekeeping = fill()
    housekeeping._retention = {name: timedelta(minutes=1) for name in housekeeping._retention}
    housekeeping.run()
    assert [table.select().count() for table in TABLES] == [1, 1, 2, 2, 1, 1]


def test_what_can_not_be_forgotten_holds_up_nothing_else() -> None:
    class Broken:
        def delete_older_than(self, age: timedelta) -> None:
            raise KeyError("Ada Lovelace")

    housekeeping = fill()
    housekeeping._stores = {"broken": Broken(), **housekeeping._stores}
    housekeeping._retention = {"broken": AT_ONCE, **housekeeping._retention}
    with pytest.raises(KeyError):
        housekeeping.run()
    assert [table.select().count() for table in TABLES] == [0, 0, 1, 1, 0, 0]


def test_there_is_an_age_for_all_that_is_kept() -> None:
    kept = resources_of(application()).housekeeping._stores
    assert kept.keys() == load().retention.model_dump().keys() - {"cases"}


def test_the_engine_keeps_cases_as_long_as_the_settings_say() -> None:
    models = [*(ROOT / "processes").glob("*.bpmn"), *(ROOT / "processes").glob("*.dmn")]
    said = {found for model in models for found in re.findall(r'historyTimeToLive="(.*?)"', model.read_text())}
    assert said == {f"P{load().retention.cases.days}D"}
    assert len(models) >= 7
