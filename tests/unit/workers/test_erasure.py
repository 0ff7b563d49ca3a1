"""A case is erased when it has ended, everywhere, or later: whatever can't be reached holds up no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from camunda7.engine import EngineUnavailable
from hosting.clients.service import Unavailable
from kpi.rows import KpiRows
from records.access import Access
from records.cipher import Cipher
from records.drafts import Drafts
from records.erasures import PATIENT, Erasures, is_erased
from records.leases import Leases
from records.outbox import Outbox
from records.queue_metrics import measure_queues
from records.retries import RetrySchedule
from records.sessions import Sessions
from records.submissions import Submissions
from tests.support.clock import passes
from workers.erasure import Eraser, LocalStores, RemoteServices

pytestmark = pytest.mark.usefixtures("records")
SEAL = Cipher("a secret of the tests")


class FakeService:
    """Takes what it is asked to delete."""

    def __init__(self, away_for: str = ""):
        self.away_for = away_for
        self.deleted: list[str] = []

    def delete(self, path: str, **query: Any) -> dict[str, Any]:
        if self.away_for and path.endswith(self.away_for):
            raise Unavailable("government: 503")
        self.deleted.append(query.get("key", path))
        return {"kept": True}

    def delete_case(self, reference: str) -> bool:
        return self.delete(f"/v1/cases/{reference}")["kept"]

    def delete_message(self, key: str) -> None:
        self.delete("/v1/messages", key=key)


class FakeEngine:
    """One instance for each case; those that run are named."""

    def __init__(self, *running: str, away: bool = False):
        self.running = set(running)
        self.away = away
        self.deleted: list[str] = []

    def post(self, path: str, query: dict[str, Any]) -> Any:
        if self.away:
            raise EngineUnavailable("POST /history/process-instance")
        reference = query["processInstanceBusinessKey"]
        return {"count": int(reference in self.running)} if "unfinished" in query else [{"id": f"of {reference}"}]

    def delete(self, path: str) -> None:
        self.deleted.append(path.rpartition("/")[2])


AT_ONCE = RetrySchedule(timedelta(), timedelta())


def eraser(
    engine: FakeEngine,
    government: FakeService | None = None,
    sms: FakeService | None = None,
    schedule: RetrySchedule = AT_ONCE,
) -> Eraser:
    kept = LocalStores(Access(SEAL), Drafts(SEAL), KpiRows(), Outbox(), Sessions(SEAL), Submissions(SEAL))
    elsewhere = RemoteServices(engine, FakeService(), government or FakeService(), sms or FakeService())  # type: ignore[arg-type]
    return Eraser(Erasures(), Leases(), kept, elsewhere, schedule)


def test_a_case_is_erased_when_it_has_ended() -> None:
    Erasures().request("C-1", PATIENT)
    engine = FakeEngine("C-1")
    assert eraser(engine).erase_waiting() == 0
    assert engine.deleted == []
    engine.running.clear()
    assert eraser(engine).erase_waiting() == 1
    assert engine.deleted == ["of C-1"]
    assert is_erased("C-1")


def test_what_is_not_in_the_engine_yet_is_waited_for() -> None:
    Submissions(SEAL).add("C-1/pre_screening", "C-1", "pre_screening", {}, "")
    Erasures().request("C-1", PATIENT)
    assert eraser(FakeEngine()).erase_waiting() == 0
    assert Submissions(SEAL).list_pending_forms("C-1") == ["pre_screening"]


def test_its_messages_are_deleted_at_the_gateway_by_their_keys() -> None:
    Outbox().add("C-1/tell_result/1", "sms", "+4420", "result_there", "en")
    Outbox().mark_sent(next(Outbox().claim("sms")))
    Erasures().request("C-1", PATIENT)
    sms = FakeService()
    eraser(FakeEngine(), sms=sms).erase_waiting()
    assert sms.deleted == ["C-1/tell_result/1"]


def test_a_store_that_can_not_be_reached_is_asked_again_and_holds_up_no_other() -> None:
    for reference in ("C-1", "C-2"):
        Erasures().request(reference, PATIENT)
    government = FakeService(away_for="C-1")
    assert eraser(FakeEngine(), government).erase_waiting() == 1
    assert (is_erased("C-1"), is_erased("C-2")) == (False, True)
    government.away_for = ""
    assert eraser(FakeEngine(), government).erase_waiting() == 1
    assert is_erased("C-1")


def test_while_the_engine_is_away_nothing_is_lost() -> None:
    Erasures().request("C-1", PATIENT)
    assert eraser(FakeEngine(away=True)).erase_waiting() == 0
    assert eraser(FakeEngine()).erase_waiting() == 1


def test_a_case_that_is_being_reopened_is_not_erased() -> None:
    Erasures().request("C-1", PATIENT)
    engine = FakeEngine()
    with Leases().reopening("C-1"):
        assert eraser(engine).erase_waiting() == 0
    assert engine.deleted == []
    assert eraser(engine).erase_waiting() == 1


def test_of_a_case_that_goes_on_for_weeks_it_is_asked_ever_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    Erasures().request("C-1", PATIENT)
    engine = FakeEngine("C-1")
    asked = []
    post = engine.post
    monkeypatch.setattr(engine, "post", lambda path, query: asked.append(path) or post(path, query))
    running = eraser(engine, schedule=RetrySchedule(timedelta(seconds=5), timedelta(minutes=15)))
    passes(running.erase_waiting, monkeypatch, timedelta(days=1), timedelta(minutes=5))
    assert 70 <= len(asked) <= 110
    # nothing is wrong with it: its age begins anew
    assert measure_queues()["erasures"].oldest_s < 3600


def test_while_the_engine_is_away_it_is_asked_once_and_not_for_each_case(caplog: pytest.LogCaptureFixture) -> None:
    for number in range(30):
        Erasures().request(f"C-{number}", PATIENT)
    running = eraser(FakeEngine(away=True))
    for _ in range(100):
        running.erase_waiting()
    assert len(caplog.records) == 1
    assert {erasure.attempts for erasure in Erasures().all()} == {0}


def test_an_unforeseen_error_of_one_case_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for reference in ("C-1", "C-2"):
        Erasures().request(reference, PATIENT)
    government = FakeService()
    delete = government.delete

    def broken(path: str, **query: Any) -> dict[str, Any]:
        if path.endswith("C-1"):
            raise KeyError("Ada")
        return delete(path, **query)

    monkeypatch.setattr(government, "delete", broken)
    assert eraser(FakeEngine(), government).erase_waiting() == 1
    assert is_erased("C-2")
    assert "C-1 can't be erased: KeyError; attempts: 1" in caplog.text
    assert "Ada" not in caplog.text
