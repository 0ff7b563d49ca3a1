"""The lab's feed: acknowledged only when the engine has the result, and one stuck item holds up no other."""

from typing import Any

import pytest

from processes import cases
from processes.engine import EngineRefused, EngineUnavailable
from workers import lab_feed
from workers.lab_feed import LabFeed


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

    def correlate(self, message: str, key: str, values: dict[str, Any], waiting_for: dict[str, Any]) -> None:
        if key in self.refused:
            raise self.refused[key]
        self.taken.append(f"{key} {waiting_for['sample_barcode']} {values['lab_result']}")


def item(number: int) -> dict[str, Any]:
    return {"id": number, "case_reference": f"C{number}", "sample_barcode": f"A-{number}", "result": "negative"}


@pytest.fixture(autouse=True)
def _no_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_feed, "find_case", lambda engine, reference: None)


def test_each_result_goes_to_the_case_that_waits_for_its_sample() -> None:
    lab, engine = FakeLab(item(1), item(2), item(3)), FakeEngine()
    assert LabFeed(lab, engine, 1).read() == 3
    assert engine.taken == ["C1 A-1 negative", "C2 A-2 negative", "C3 A-3 negative"]
    assert lab.acknowledged == [1, 2, 3]


def test_a_stuck_item_is_kept_and_holds_up_no_other() -> None:
    lab = FakeLab(item(1), item(2), item(3))
    engine = FakeEngine(C2=EngineRefused("POST /message", 400, "RestException"))
    LabFeed(lab, engine, 1).read()
    assert lab.acknowledged == [1, 3]


def test_nothing_is_acknowledged_while_the_engine_is_gone() -> None:
    lab = FakeLab(item(1))
    with pytest.raises(EngineUnavailable):
        LabFeed(lab, FakeEngine(C1=EngineUnavailable("gone")), 1).read()
    assert lab.acknowledged == []


@pytest.mark.parametrize(
    ("barcode", "result", "ended", "acknowledged"),
    [
        ("A-1", "negative", None, [1]),
        ("A-1", None, None, []),
        ("A-9", "negative", None, []),
        ("A-9", None, "then", [1]),
    ],
)
def test_a_result_that_the_case_has_already_is_acknowledged(
    monkeypatch: pytest.MonkeyPatch, barcode: str, result: str | None, ended: Any, acknowledged: list[int]
) -> None:
    """Its message was taken, and only the acknowledgement was lost."""
    known = cases.Case("C1", "i", {"sample_barcode": barcode, "lab_result": result}, ended)
    monkeypatch.setattr(lab_feed, "find_case", lambda engine, reference: known)
    lab = FakeLab(item(1))
    LabFeed(lab, FakeEngine(C1=EngineRefused("POST /message", 400, "RestException")), 1).read()
    assert lab.acknowledged == acknowledged
