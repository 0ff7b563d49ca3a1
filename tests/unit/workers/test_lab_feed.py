"""The lab's feed: acknowledged only when the engine has the item, and one stuck item holds up no other."""

from __future__ import annotations

from typing import Any

import pytest

from processes import cases
from processes.engine import EngineRefused, EngineUnavailable
from workers import lab_feed
from workers.lab_feed import LabFeed

NOBODY_WAITS = EngineRefused("POST /message", 400, "RestException")


class FakeLab:
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
        self.taken: list[str] = []

    def correlate(self, message: str, key: str, values: dict[str, Any], waiting_for: dict[str, Any] | None) -> None:
        if key in self.refused:
            raise self.refused[key]
        self.taken.append(f"{message} {key} {values.get('lab_result')} {(waiting_for or {}).get('sample_barcode')}")


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
    return LabFeed(lab, engine, None)


@pytest.fixture(autouse=True)
def _no_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_feed, "find_case", lambda engine, reference: None)


def test_each_item_goes_to_the_case_that_waits_for_it() -> None:
    lab, engine = FakeLab(result(1), grant(2), result(3)), FakeEngine()
    assert feed(lab, engine).read() == 3
    assert engine.taken == [
        "lab_result_received C1 negative A-1",
        "kit_granted C2 None None",
        "lab_result_received C3 negative A-3",
    ]
    assert lab.acknowledged == [1, 2, 3]


def test_a_stuck_item_is_kept_and_holds_up_no_other() -> None:
    lab = FakeLab(result(1), result(2), result(3))
    feed(lab, FakeEngine(C2=NOBODY_WAITS)).read()
    assert lab.acknowledged == [1, 3]


@pytest.mark.parametrize("refusal", [NOBODY_WAITS, EngineRefused("POST /message", 500, "ProcessEngineException")])
def test_a_stuck_result_holds_up_the_later_ones_of_its_case(refusal: EngineRefused) -> None:
    later = {**result(3), "case_reference": "C2"}
    lab, engine = FakeLab(result(1), result(2), later, {**grant(4), "case_reference": "C4"}), FakeEngine(C2=refusal)
    assert feed(lab, engine).read() == 2
    # it isn't even looked at: what it says is news or not by what comes before it
    assert lab.acknowledged == [1, 4]
    del engine.refused["C2"]
    assert feed(lab, engine).read() == 4
    assert lab.acknowledged[2:] == [1, 2, 3, 4]


def test_a_broken_case_holds_up_no_other() -> None:
    lab = FakeLab(result(1), result(2), grant(3))
    feed(lab, FakeEngine(C1=EngineRefused("POST /message", 500, "ProcessEngineException"))).read()
    assert lab.acknowledged == [2, 3]


@pytest.mark.parametrize(
    "changed", [{"kind": None}, {"status": "?"}, {"case_reference": None}, {"sample_barcode": ["A"]}, {"result": "?"}]
)
def test_an_item_that_is_not_as_described_holds_up_no_other(changed: dict[str, Any]) -> None:
    broken = {name: value for name, value in {**result(1), **changed}.items() if value is not None}
    lab = FakeLab(broken, grant(2))
    feed(lab, FakeEngine(C1=NOBODY_WAITS)).read()
    assert lab.acknowledged == [2]


def test_nothing_is_acknowledged_while_the_engine_is_gone() -> None:
    lab = FakeLab(result(1))
    with pytest.raises(EngineUnavailable):
        feed(lab, FakeEngine(C1=EngineUnavailable("gone"))).read()
    assert lab.acknowledged == []


@pytest.mark.parametrize(
    ("steps", "acknowledged"),
    [({"Task_ReserveTestKit"}, []), ({"Gateway_WaitForKit"}, []), ({"Task_VisitPatient"}, [1]), (set(), [1])],
)
def test_a_grant_is_kept_while_the_case_asks_for_its_kit(
    monkeypatch: pytest.MonkeyPatch, steps: set[str], acknowledged: list[int]
) -> None:
    monkeypatch.setattr(lab_feed, "find_case", lambda engine, reference: cases.Case("C1", "i", {}, None))
    monkeypatch.setattr(lab_feed, "current_steps", lambda engine, case: steps)
    lab = FakeLab(grant(1))
    feed(lab, FakeEngine(C1=NOBODY_WAITS)).read()
    assert lab.acknowledged == acknowledged
