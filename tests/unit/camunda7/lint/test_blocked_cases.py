"""Steps whose cases can't migrate are found by comparing the two diagrams, before the new one is deployed."""

from __future__ import annotations

import pytest

from camunda7.lint.diagram import Diagram
from camunda7.release.changes.blocked_cases import reason_blocked
from camunda7.release.hints import Hints
from camunda7.xml import parse
from config.settings import ROOT

FILE = "take_sample.bpmn"
TEXT = (ROOT / "processes" / FILE).read_text()
STEP = "Task_ReserveTestKit"


def diagram(old: str = "", new: str = "") -> Diagram:
    assert old in TEXT
    return Diagram(FILE, parse(TEXT.replace(old, new).encode() if old else TEXT.encode()))


@pytest.mark.parametrize(
    ("old", "new", "hints", "reason"),
    [
        ("", "", Hints(), ""),
        (STEP, "Task_KeepTestKit", Hints(), "the new version has no such step"),
        (STEP, "Task_KeepTestKit", Hints(steps={STEP: "Task_KeepTestKit"}), ""),
        (
            '"lab.reserve_kit"',
            '"lab.keep_kit"',
            Hints(),
            "waits for a worker of the topic lab.reserve_kit, and the new version has lab.keep_kit there",
        ),
    ],
)
def test_cases_at_a_step_can_migrate_or_the_reason_is_reported(old: str, new: str, hints: Hints, reason: str) -> None:
    assert reason_blocked(diagram(), STEP, diagram(old, new), hints) == reason


def test_a_step_of_another_element_type_blocks_migration() -> None:
    old = diagram()
    new = Diagram(FILE, parse(TEXT.replace("serviceTask", "sendTask").encode()))
    assert reason_blocked(old, STEP, new, Hints()) == "it is a serviceTask, and in the new version a sendTask"
