"""The diagrams keep the rules that the engine doesn't enforce (docs/modelling.md)."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from config.settings import ROOT
from tests.support.diagrams import BPMN, CAMUNDA, DECISIONS, DMN, PROCESSES, elements, flow_nodes, sequence_flows

DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
by_name = pytest.mark.parametrize("path", PROCESSES, ids=lambda path: path.stem)


@by_name
def test_every_external_task_is_async_after(path: Path) -> None:
    """Else a broken gateway behind it makes its `complete` answer 500 for ever, without an incident."""
    for task in elements(path, "serviceTask"):
        assert task.get(CAMUNDA + "type") == "external"
        loop = task.find(BPMN + "multiInstanceLoopCharacteristics")
        assert task.get(CAMUNDA + "asyncAfter") == "true", task.get("id")
        assert loop is None or loop.get(CAMUNDA + "asyncAfter") == "true", task.get("id")


@by_name
def test_every_user_task_and_start_form_is_async_after(path: Path) -> None:
    for element in elements(path, "userTask", "startEvent"):
        if element.get(CAMUNDA + "formRef") and element.find(BPMN + "messageEventDefinition") is None:
            assert element.get(CAMUNDA + "asyncAfter") == "true", element.get("id")
            assert element.get(CAMUNDA + "formRefBinding") == "deployment", element.get("id")


@by_name
def test_no_gateway_has_a_default_flow(path: Path) -> None:
    assert [gateway.get("id") for gateway in elements(path, "exclusiveGateway") if gateway.get("default")] == []


@by_name
def test_decisions_are_bound_to_the_deployment(path: Path) -> None:
    for task in elements(path, "businessRuleTask"):
        assert task.get(CAMUNDA + "decisionRefBinding") == "deployment"


@by_name
def test_everything_is_drawn(path: Path) -> None:
    drawn = {shape.get("bpmnElement") for shape in ElementTree.parse(path).iter() if shape.tag.startswith(DI)}
    missing = {*flow_nodes(path), *[flow[0] for flow in sequence_flows(path)]} - drawn
    assert missing == set()


@by_name
def test_ids_tell_what_an_element_is(path: Path) -> None:
    prefixes = {
        "Event": "Event_",
        "Gateway": "Gateway_",
        "Task": "Task_",
        "callActivity": "Task_",
        "Process": "SubProcess_",
    }
    for element in ElementTree.parse(path).iter():
        tag = element.tag.removeprefix(BPMN)
        for kind, prefix in prefixes.items():
            if tag.endswith(kind) and element.get("id"):
                assert element.get("id").startswith(prefix), element.get("id")


@pytest.mark.parametrize("path", [*PROCESSES, *DECISIONS], ids=lambda path: path.name)
def test_a_file_is_named_after_its_process_or_decision(path: Path) -> None:
    ids = [e.get("id") for e in ElementTree.parse(path).iter() if e.tag in (BPMN + "process", DMN + "decision")]
    assert path.stem in ids


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.name)
def test_decisions_have_no_row_that_catches_all(path: Path) -> None:
    for table in ElementTree.parse(path).iter(DMN + "decisionTable"):
        if table.get("hitPolicy") == "COLLECT":
            continue
        for rule in table.iter(DMN + "rule"):
            cells = [entry.find(DMN + "text").text for entry in rule.iter(DMN + "inputEntry")]
            assert set(cells) != {"-"}, rule.get("id")


def test_nothing_else_lies_beside_the_diagrams() -> None:
    suffixes = {path.suffix for path in (ROOT / "processes").iterdir() if path.is_file()}
    assert suffixes == {".bpmn", ".dmn", ".py"}
