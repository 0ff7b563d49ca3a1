"""The patient's page has a text for each step at which a case may wait."""

from __future__ import annotations

from xml.etree import ElementTree

from tests.support.diagrams import BPMN, PROCESSES
from webapp.status import STEPS

WAITS = ("userTask", "receiveTask", "eventBasedGateway", "serviceTask", "businessRuleTask", "callActivity")
PARENTS = ("process", "subProcess")
# for withdrawal, worsening and the assessment of the first answers, the page has other texts
OTHER_TEXTS = {
    "Task_RegisterWithdrawnCase",
    "SubProcess_Worsening",
    # a telephone call is a process instance of its own, not a step of the case
    "tell_by_telephone",
    # laboratory staff check a result, of which the case knows nothing yet
    "check_lab_result",
    "Task_AssessSymptoms",
    "Task_AssessEmergencySigns",
}


def waiting_steps() -> dict[str, set[str]]:
    """Each element at which a case may wait, with its ancestors: subprocesses, call activities, processes."""
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
    return {step: {step, *_ancestors(step, within)} for step in waits}


def _ancestors(step: str, within: dict[str, str]) -> list[str]:
    return [within[step], *_ancestors(within[step], within)] if step in within else []


def test_each_step_has_a_text() -> None:
    found = waiting_steps()
    assert {"Task_CallPatient", "Task_ChaseResult", "Task_NotifyContact", "Gateway_WaitForKit"} <= set(found)
    assert found["Task_NotifyContact"] >= {"Task_TraceContacts", "SubProcess_Tracing", "corona_care"}
    without_text = {step for step, ancestors in found.items() if not ancestors & (set(STEPS) | OTHER_TEXTS)}
    assert without_text == set()


def test_each_text_has_a_step() -> None:
    assert set(STEPS) - set().union(*waiting_steps().values()) == set()
