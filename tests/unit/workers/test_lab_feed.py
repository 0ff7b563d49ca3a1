"""The lab's feed: an item is acknowledged once the engine has it, and a stuck item blocks no other case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests

from camunda7.engine import EngineRefused, EngineUnavailable
from hosting.clients.lab import Lab
from hosting.clients.service import Refused
from processes import cases
from records import queue
from records.erasures import Erasures
from records.leases import Leases
from records.postponed_items import PostponedItem, PostponedItems
from records.queue_metrics import measure_queues
from records.retries import RetrySchedule
from tests.support.clock import Clock
from workers import lab_feed
from workers.lab_feed import LabFeed

pytestmark = pytest.mark.usefixtures("records")
# no pauses: a test of pauses uses GROWING_PAUSES
SCHEDULE = RetrySchedule(timedelta(), timedelta())
NO_SUBSCRIPTION = EngineRefused("POST /message", 400, "RestException")


class FakeLab(Lab):
    def __init__(self, *items: dict[str, Any]):
        self.items = list(items)
        self.acknowledged: list[int] = []

    def get(self, path: str, after: int) -> dict[str, Any]:
        page = [item for item in self.items if item["id"] > after][:2]
        return {"items": page, "next": page[-1]["id"] if page else after}

    def post(self, path: str, body: dict[str, Any]) -> None:
        self.acknowledged.append(int(path.split("/")[3]))


class FakeEngine:
    def __init__(self, **refused: Exception):
        self.refused = refused
        self.correlated: list[str] = []

    def correlate(
        self, message: str, key: str, values: dict[str, Any], correlation_keys: dict[str, Any] | None
    ) -> None:
        if key in self.refused:
            raise self.refused[key]
        self.correlated.append(
            f"{message} {key} {values.get('lab_result')} {(correlation_keys or {}).get('sample_barcode')}"
        )


def result(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "kind": "result",
        "case_reference": f"C{number}",
        "sample_number": 1,
        "sample_barcode": f"A-{number}",
        "status": "final",
        "result": "negative",
    }


def grant(number: int) -> dict[str, Any]:
    return {**result(number), "kind": "grant", "sample_barcode": None, "status": None, "result": None}


def feed(lab: FakeLab, engine: FakeEngine) -> LabFeed:
    return LabFeed(lab, engine, Leases(), PostponedItems(), SCHEDULE)


@pytest.fixture(autouse=True)
def _no_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_feed, "find_case", lambda engine, reference: None)


def test_each_item_is_correlated_with_its_case() -> None:
    lab, engine = FakeLab(result(1), grant(2), result(3)), FakeEngine()
    assert feed(lab, engine).read() == 3
    assert engine.correlated == [
        "lab_result_received C1 negative A-1",
        "kit_granted C2 None None",
        "lab_result_received C3 negative A-3",
    ]
    assert lab.acknowledged == [1, 2, 3]


def test_a_stuck_item_is_not_acknowledged_and_blocks_no_other_case() -> None:
    lab = FakeLab(result(1), result(2), result(3))
    feed(lab, FakeEngine(C2=NO_SUBSCRIPTION)).read()
    assert lab.acknowledged == [1, 3]


@pytest.mark.parametrize("refusal", [NO_SUBSCRIPTION, EngineRefused("POST /message", 500, "ProcessEngineException")])
def test_a_stuck_result_blocks_later_results_of_its_case(refusal: EngineRefused) -> None:
    later = {**result(3), "case_reference": "C2"}
    lab, engine = FakeLab(result(1), result(2), later, {**grant(4), "case_reference": "C4"}), FakeEngine(C2=refusal)
    assert feed(lab, engine).read() == 2
    # the later result isn't processed: whether it is a correction depends on the earlier one
    assert lab.acknowledged == [1, 4]
    del engine.refused["C2"]
    assert feed(lab, engine).read() == 4
    assert lab.acknowledged[2:] == [1, 2, 3, 4]


def test_an_error_of_the_engine_at_one_case_blocks_no_other() -> None:
    lab = FakeLab(result(1), result(2), grant(3))
    feed(lab, FakeEngine(C1=EngineRefused("POST /message", 500, "ProcessEngineException"))).read()
    assert lab.acknowledged == [2, 3]


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": None},
        {"status": "?"},
        {"case_reference": None},
        {"sample_barcode": ["A"]},
        {"result": "?"},
        {"case_reference": ["C1"]},
    ],
)
def test_an_invalid_item_blocks_no_other(changed: dict[str, Any]) -> None:
    broken = {name: value for name, value in {**result(1), **changed}.items() if value is not None}
    lab = FakeLab(broken, grant(2))
    feed(lab, FakeEngine(C1=NO_SUBSCRIPTION)).read()
    assert lab.acknowledged == [2]


def test_nothing_is_acknowledged_during_an_outage_of_the_engine() -> None:
    lab = FakeLab(result(1))
    with pytest.raises(EngineUnavailable):
        feed(lab, FakeEngine(C1=EngineUnavailable("503"))).read()
    assert lab.acknowledged == []


@pytest.mark.parametrize(
    ("steps", "acknowledged"),
    [({"Task_ReserveTestKit"}, []), ({"Gateway_WaitForKit"}, []), ({"Task_VisitPatient"}, [1]), (set(), [1])],
)
def test_a_grant_is_not_acknowledged_while_the_case_requests_its_kit(
    monkeypatch: pytest.MonkeyPatch, steps: set[str], acknowledged: list[int]
) -> None:
    monkeypatch.setattr(lab_feed, "find_case", lambda engine, reference: cases.Case("C1", "i", {}, None))
    monkeypatch.setattr(lab_feed, "current_steps", lambda engine, case: steps)
    lab = FakeLab(grant(1))
    feed(lab, FakeEngine(C1=NO_SUBSCRIPTION)).read()
    assert lab.acknowledged == acknowledged


GROWING_PAUSES = RetrySchedule(timedelta(seconds=1), timedelta(minutes=15))


def test_a_result_of_an_unknown_case_is_retried_with_growing_pauses_and_counted_as_waiting(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lab, engine = FakeLab(result(1), result(2)), FakeEngine()
    attempts: list[str] = []

    def correlate(message: str, key: str, values: dict[str, Any], correlation_keys: dict[str, Any] | None) -> None:
        attempts.append(key)
        if key == "C1":
            raise NO_SUBSCRIPTION

    monkeypatch.setattr(engine, "correlate", correlate)
    reader = LabFeed(lab, engine, Leases(), PostponedItems(), GROWING_PAUSES)
    with monkeypatch.context() as patched:
        clock = Clock(patched)
        patched.setattr(lab_feed, "timestamp", queue.timestamp)
        for _ in range(3600):
            lab.items = [item for item in lab.items if item["id"] not in lab.acknowledged]
            reader.read()
            clock.advance(timedelta(seconds=1))
    # pauses of 1 s, doubled up to 15 min; pauses of half a second would make 7,200 attempts
    assert 10 <= attempts.count("C1") <= 15
    assert attempts.count("C2") == 1
    assert 4 <= len(caplog.records) <= 11
    assert "can't be delivered: its case isn't waiting for it, or doesn't exist" in caplog.text
    assert measure_queues()["lab_feed"].waiting == 1


def test_a_delivered_item_and_one_that_left_the_feed_no_longer_wait() -> None:
    lab, engine = FakeLab(result(1), result(2)), FakeEngine(C1=NO_SUBSCRIPTION, C2=NO_SUBSCRIPTION)
    feed(lab, engine).read()
    assert PostponedItem.select().count() == 2
    del engine.refused["C1"]
    lab.items = lab.items[:1]
    assert feed(lab, engine).read() == 1
    assert PostponedItem.select().count() == 0


def test_a_refused_acknowledgement_blocks_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    lab, engine = FakeLab(result(1), result(2)), FakeEngine()
    acknowledge = lab.post

    def post(path: str, body: dict[str, Any]) -> None:
        if path.split("/")[3] == "1":
            raise Refused("lab", response(409))
        acknowledge(path, body)

    monkeypatch.setattr(lab, "post", post)
    assert feed(lab, engine).read() == 1
    assert lab.acknowledged == [2]


def test_items_of_an_erased_case_are_acknowledged() -> None:
    for number in (1, 2):
        Erasures().request(f"C{number}", "patient")
        Erasures().complete(Erasures().find(f"C{number}"), kept=False)
    lab = FakeLab(result(1), grant(2), result(3))
    feed(lab, FakeEngine(C1=NO_SUBSCRIPTION, C2=NO_SUBSCRIPTION, C3=NO_SUBSCRIPTION)).read()
    assert lab.acknowledged == [1, 2]


def test_reading_ends_when_the_cursor_of_the_feed_does_not_advance(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = FakeLab(result(1), result(2))
    monkeypatch.setattr(lab, "get", lambda path, after: {"items": lab.items, "next": 0})
    assert feed(lab, FakeEngine()).read() == 2


@pytest.mark.parametrize("invalid", [None, "?", 7, [], {}, {"id": None}, {"id": "1; DROP"}, {"id": [1]}])
def test_an_item_without_a_valid_id_blocks_no_other(invalid: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = FakeLab(result(2))
    monkeypatch.setattr(
        lab, "get", lambda path, after: {"items": [] if after else [invalid, *lab.items], "next": after or 2}
    )
    assert feed(lab, FakeEngine()).read() == 1


def test_an_unexpected_error_of_an_item_blocks_no_other_and_logs_no_patient_data(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lab, engine = FakeLab(result(1), result(2)), FakeEngine(C1=AttributeError("Ada"))
    assert feed(lab, engine).read() == 1
    assert "AttributeError" in caplog.text
    assert "Ada" not in caplog.text


def response(status: int) -> requests.Response:
    refused = requests.Response()
    refused.status_code = status
    return refused
