"""Wherever a case may stand, its patient is told so."""

from __future__ import annotations

from xml.etree import ElementTree

from tests.support.diagrams import BPMN, PROCESSES
from webapp.status import STEPS

WAITS = ("userTask", "receiveTask", "eventBasedGateway", "serviceTask", "businessRuleTask", "callActivity")
PARENTS = ("process", "subProcess")
# a patient who has withdrawn or feels worse reads other texts, and so does one whose first answers are being assessed
OTHER_WORDS = {
    "Task_RegisterWithdrawnCase",
    "SubProcess_Worsening",
    # a call has a case of its own
    "tell_by_telephone",
    "Task_AssessSymptoms",
    "Task_AssessEmergencySigns",
}


def places() -> dict[str, set[str]]:
    """Each element at which a case may wait, with all that it is within: subprocesses, calls, processes."""
    within: dict[str, str] = {}
    waits = set()
    for path in PROCESSES:
        for parent in ElementTree.parse(path).iter():
            for child in parent:
                if parent.tag.removeprefix(BPMN) in PARENTS and child.get("id"):
                    within[child.get("id")] = parent.get("id")
                    waits |= {child.get("id")} if child.tag.removeprefix(BPMN) in WAITS else set()
                    if child.get("calledElement"):
                        within[child.get("calledElement")] = child.get("id")
    return {place: {place, *_above(place, within)} for place in waits}


def _above(place: str, within: dict[str, str]) -> list[str]:
    return [within[place], *_above(within[place], within)] if place in within else []


def test_each_place_is_told() -> None:
    found = places()
    assert {"Task_CallPatient", "Task_ChaseResult", "Task_NotifyContact", "Gateway_WaitForKit"} <= set(found)
    assert found["Task_NotifyContact"] >= {"Task_TraceContacts", "SubProcess_Tracing", "corona_care"}
    silent = {place for place, around in found.items() if not around & (set(STEPS) | OTHER_WORDS)}
    assert silent == set()


def test_each_text_has_its_place() -> None:
    assert set(STEPS) - set().union(*places().values()) == set()
