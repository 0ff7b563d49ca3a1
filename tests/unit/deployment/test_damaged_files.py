"""Files that are damaged, or of another tool or version, have a finding that says so; sound ones have none."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from config import settings
from config.people import load_people
from deployment.check import Declared, check, declared
from deployment.deploy import resources

FILES = resources()
DECISION, DIAGRAM, FORM = "testing_priority.dmn", "tell_by_telephone.bpmn", "review.form"
LINKS = """
<bpmn:sequenceFlow id="Flow_ToLink" sourceRef="Task_TellPatient" targetRef="Event_Throw"/>
<bpmn:intermediateThrowEvent id="Event_Throw"><bpmn:linkEventDefinition name="{0}"/></bpmn:intermediateThrowEvent>
<bpmn:intermediateCatchEvent id="Event_Catch"><bpmn:linkEventDefinition name="{1}"/></bpmn:intermediateCatchEvent>
"""


@pytest.fixture(scope="module")
def names() -> Declared:
    configured = settings.load()
    return declared(load_people(configured.people).groups, configured.policy.model_dump())


def found(names: Declared, file: str, content: bytes) -> str:
    return "\n".join(map(str, check({file: content}, names)))


def changed(file: str, old: str, new: str, count: int = 1) -> bytes:
    text, times = re.subn(old, new, FILES[file].decode(), count=count, flags=re.DOTALL)
    assert times
    return text.encode()


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("<inputEntry.*?</inputEntry>", "", "row 1 has 4 cells for 5 columns"),
        ("<outputEntry.*?</outputEntry>", r"\g<0>\g<0>", "row 1 has 3 cells for 2 columns"),
        ("<output id[^>]*/>", "", "row 1 has 2 cells for 1 columns"),
        ('hitPolicy="FIRST"', 'hitPolicy="BEST"', "the engine has no hit policy BEST"),
        ('hitPolicy="FIRST"', 'hitPolicy="COLLECT" aggregation="AVERAGE"', "it collects, but doesn't say into what"),
        ('hitPolicy="FIRST"', 'hitPolicy="COLLECT" aggregation="SUM"', "SUM is of the numbers of one column"),
        ('typeRef="boolean"', 'typeRef="bool"', "the engine has no type “bool”"),
        ("<text>90</text>", "<text>high</text>", "“high” is no text in quotes"),
        ("<text>90</text>", '<text>"high"</text>', "“high” isn't of the type integer"),
        ("<text>90</text>", "<text>9.5</text>", "“9.5” isn't of the type integer"),
        ('<text>"evaluation_urgent"</text>', '<text>"evaluation_urgent",</text>', "“” is no text in quotes"),
        ('<inputEntry id="testing_priority_rule_1_in_1"', r'\g<0> expressionLanguage="juel"', "written in juel"),
        ('id="testing_priority_rule_2"', 'id="testing_priority_rule_1"', "2 elements have this id"),
        ("<decisionTable.*</decisionTable>", "<literalExpression/>", "it is a literalExpression instead of a table"),
        ("<decisionTable.*</decisionTable>", "", "it has no tables"),
        ("<decisionTable ", '<informationRequirement><requiredDecision href="#testing_priority"/>'
         "</informationRequirement><decisionTable ", "decisions need each other in a circle"),
        ("https://www.omg.org/spec/DMN/20191111/MODEL/", "http://www.omg.org/spec/DMN/20151101/dmn.xsd", "in DMN 1.1"),
        ("https://www.omg.org/spec/DMN/20191111/MODEL/", "http://www.omg.org/spec/DMN/20180521/MODEL/", "in DMN 1.2"),
        ("https://www.omg.org/spec/DMN/20191111/MODEL/", "https://www.omg.org/spec/DMN/20211108/MODEL/", "in DMN 1.4"),
        ("https://www.omg.org/spec/DMN/20191111/MODEL/", "https://www.omg.org/spec/DMN/20230324/MODEL/", "in DMN 1.5"),
        ("^.*$", "<html/>", "it is no decision in DMN 1.3 (but <html> of no namespace)"),
    ],
)  # fmt: skip
def test_a_damaged_decision(names: Declared, old: str, new: str, wrong: str) -> None:
    assert wrong in found(names, DECISION, changed(DECISION, old, new))


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ('bpmnElement="Collaboration_tell_by_telephone"', 'bpmnElement="Process_1"', "the plane is of Process_1"),
        ("<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", "", "it has no drawing"),
        ('id="Event_PatientTold"', 'id="Event_CallMissed"', "2 elements have this id"),
        ('<bpmn:endEvent id="Event_PatientTold"', "<bpmn:endEvent", "it has no id"),
        ("^.*$", '<definitions xmlns="http://www.omg.org/bpmn20"/>', "it is no diagram in BPMN 2.0"),
        ("<bpmn:process.*?>", r"\g<0><bpmn:adHocSubProcess id='SubProcess_Other'/>", "the engine doesn't have it"),
    ],
)
def test_a_damaged_diagram(names: Declared, old: str, new: str, wrong: str) -> None:
    assert wrong in found(names, DIAGRAM, changed(DIAGRAM, old, new))


def test_ways_that_are_no_sequence_flows(names: Declared) -> None:
    """Links, compensation and steps of an ad-hoc sub-process need no sequence flow, but what they need instead."""
    text = found(names, DIAGRAM, with_more(LINKS.format("A", "A")))
    assert "Event_Throw): no" not in text
    text = found(names, DIAGRAM, with_more(LINKS.format("A", "B")))
    assert "no link A goes on from it" in text
    assert "no link B leads to it" in text

    compensation = """
    <bpmn:boundaryEvent id="Event_Undo" attachedToRef="Task_TellPatient">
      <bpmn:compensateEventDefinition/>
    </bpmn:boundaryEvent>
    <bpmn:userTask id="Task_Undo" isForCompensation="true"/>"""
    text = found(names, DIAGRAM, with_more(compensation))
    assert "no step compensates" in text
    assert "no compensation event leads to it" in text
    association = '<bpmn:association id="A" sourceRef="Event_Undo" targetRef="Task_Undo"/>'
    text = found(names, DIAGRAM, with_more(compensation + association))
    assert not re.search(r"(Event_Undo|Task_Undo)\): no ", text)

    ad_hoc = '<bpmn:adHocSubProcess id="SubProcess_Any"><bpmn:userTask id="Task_Any"/></bpmn:adHocSubProcess>'
    assert "Task_Any): no way" not in found(names, DIAGRAM, with_more(ad_hoc))


def with_more(elements: str) -> bytes:
    return changed(DIAGRAM, "</bpmn:process>", f"{elements}</bpmn:process>")


def test_processes_that_call_each_other_in_a_circle(names: Declared) -> None:
    call = '<bpmn:callActivity id="Task_Again" calledElement="tell_by_telephone"/>'
    throw = '<bpmn:endEvent id="Event_Raised"><bpmn:escalationEventDefinition escalationRef="E"/></bpmn:endEvent>'
    escalation = '</bpmn:process><bpmn:escalation id="E" escalationCode="e"/>'
    text = changed(DIAGRAM, "</bpmn:process>", f"{call}{throw}{escalation}")
    assert "nothing goes on from the escalation e" in found(names, DIAGRAM, text)


def form(**more: Any) -> bytes:
    return json.dumps({**json.loads(FILES[FORM]), **more}).encode()


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", "the file can't be read (Expecting value"),
        (b"[]", "the file can't be read (it isn't a form)"),
        (b'{"id": NaN}', "NaN is no number in JSON"),
        (b'{"id": "\\ud800"}', "the file can't be read"),
        (b"[" * 100_000, "nested too deeply"),
        ("{}".encode("utf-16"), "the file can't be read"),
        (b'{"type": "default", "components": []}', "the form has no id. Give it an id"),
        (form(id=5), "the form has an id that is no text"),
        (form(components=None), "review: is no Camunda Form"),
        (form(components=["x"]), "review: is no Camunda Form"),
        (form(schemaVersion="16"), "schemaVersion is “16” instead of a number"),
        (form(schemaVersion=19), 'and is 19. Open the file as text and write "schemaVersion": 16'),
    ],
)
def test_a_damaged_form(names: Declared, content: bytes, wrong: str) -> None:
    assert wrong in found(names, FORM, content)
