"""Erasure of ended cases in all stores: an unreachable store is retried and blocks no other case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from camunda7.engine import EngineUnavailable
from hosting.clients.service import Unavailable
from kpi.rows import KpiRows
from papers.register import Register
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
from tests.support.clock import simulate
from workers.erasure import Eraser, LocalStores, RemoteServices

pytestmark = pytest.mark.usefixtures("records")
CIPHER = Cipher("a secret of the tests")


class FakeService:
    """A service that records what it deletes, and is unavailable for one case."""

    def __init__(self, unavailable_for: str = ""):
        self.unavailable_for = unavailable_for
        self.deleted: list[str] = []

    def delete(self, path: str, **query: Any) -> dict[str, Any]:
        if self.unavailable_for and path.endswith(self.unavailable_for):
            raise Unavailable("government: 503")
        self.deleted.append(query.get("key", path))
        return {"kept": True}

    def delete_case(self, reference: str) -> bool:
        return self.delete(f"/v1/cases/{reference}")["kept"]

    def delete_message(self, key: str) -> None:
        self.delete("/v1/messages", key=key)


class FakeEngine:
    """An engine with one instance per case; the references of running cases are given."""

    def __init__(self, *running: str, is_unavailable: bool = False):
        self.running = set(running)
        self.is_unavailable = is_unavailable
        self.deleted: list[str] = []

    def post(self, path: str, query: dict[str, Any]) -> Any:
        if self.is_unavailable:
            raise EngineUnavailable("POST /history/process-instance")
        if "variables" in query:
            return []
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
    local_stores = LocalStores(
        Access(CIPHER),
        Drafts(CIPHER),
        KpiRows(),
        Outbox(),
        Register(CIPHER),
        Sessions(CIPHER),
        Submissions(CIPHER),
    )
    remote_services = RemoteServices(engine, FakeService(), government or FakeService(), sms or FakeService())  # type: ignore[arg-type]
    return Eraser(Erasures(), Leases(), local_stores, remote_services, schedule)


def test_a_case_is_erased_after_its_end() -> None:
    Erasures().request("C-1", PATIENT)
    engine = FakeEngine("C-1")
    assert eraser(engine).erase_waiting() == 0
    assert engine.deleted == []
    engine.running.clear()
    assert eraser(engine).erase_waiting() == 1
    assert engine.deleted == ["of C-1"]
    assert is_erased("C-1")


def test_a_case_with_a_pending_submission_is_not_erased() -> None:
    Submissions(CIPHER).add("C-1/pre_screening", "C-1", "pre_screening", {}, "")
    Erasures().request("C-1", PATIENT)
    assert eraser(FakeEngine()).erase_waiting() == 0
    assert Submissions(CIPHER).list_pending_forms("C-1") == ["pre_screening"]


def test_messages_of_a_case_are_deleted_at_the_sms_gateway_by_their_keys() -> None:
    Outbox().add("C-1/tell_result/1", "sms", "+4420", "result_there", "en")
    Outbox().mark_sent(next(Outbox().claim("sms")))
    Erasures().request("C-1", PATIENT)
    sms = FakeService()
    eraser(FakeEngine(), sms=sms).erase_waiting()
    assert sms.deleted == ["C-1/tell_result/1"]


def test_an_unreachable_store_is_retried_and_blocks_no_other_case() -> None:
    for reference in ("C-1", "C-2"):
        Erasures().request(reference, PATIENT)
    government = FakeService(unavailable_for="C-1")
    assert eraser(FakeEngine(), government).erase_waiting() == 1
    assert (is_erased("C-1"), is_erased("C-2")) == (False, True)
    government.unavailable_for = ""
    assert eraser(FakeEngine(), government).erase_waiting() == 1
    assert is_erased("C-1")


def test_an_erasure_is_completed_after_an_outage_of_the_engine() -> None:
    Erasures().request("C-1", PATIENT)
    assert eraser(FakeEngine(is_unavailable=True)).erase_waiting() == 0
    assert eraser(FakeEngine()).erase_waiting() == 1


def test_a_case_that_is_being_reopened_is_not_erased() -> None:
    Erasures().request("C-1", PATIENT)
    engine = FakeEngine()
    with Leases().reopening("C-1"):
        assert eraser(engine).erase_waiting() == 0
    assert engine.deleted == []
    assert eraser(engine).erase_waiting() == 1


def test_a_running_case_is_queried_with_growing_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    Erasures().request("C-1", PATIENT)
    engine = FakeEngine("C-1")
    queries = []
    post = engine.post
    monkeypatch.setattr(engine, "post", lambda path, query: queries.append(path) or post(path, query))
    running = eraser(engine, schedule=RetrySchedule(timedelta(seconds=5), timedelta(minutes=15)))
    simulate(running.erase_waiting, monkeypatch, timedelta(days=1), timedelta(minutes=5))
    assert 70 <= len(queries) <= 110
    # a running case is no problem: each check resets the age of its erasure
    assert measure_queues()["erasures"].oldest_s < 3600


def test_an_outage_of_the_engine_is_logged_once_and_uses_up_no_attempt(caplog: pytest.LogCaptureFixture) -> None:
    for number in range(30):
        Erasures().request(f"C-{number}", PATIENT)
    running = eraser(FakeEngine(is_unavailable=True))
    for _ in range(100):
        running.erase_waiting()
    assert len(caplog.records) == 1
    assert {erasure.attempts for erasure in Erasures().all()} == {0}


def test_an_unexpected_error_of_a_case_blocks_no_other_and_logs_no_patient_data(
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
