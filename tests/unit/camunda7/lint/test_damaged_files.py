"""Damaged files, and those of another tool or version, have a finding; valid ones have none."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from access.people import load_people
from camunda7.lint import Declared, check
from camunda7.lint.files import DMN_NAMESPACES
from camunda7.lint.tables import DMN
from camunda7.release.deploy import resources
from config import settings
from config.settings import ROOT
from deployment.declared import collect_declared

FILES = resources(ROOT)
DECISION, DIAGRAM, FORM = "testing_priority.dmn", "tell_by_telephone.bpmn", "review.form"
LINKS = """
<bpmn:sequenceFlow id="Flow_ToLink" sourceRef="Task_TellPatient" targetRef="Event_Throw"/>
<bpmn:intermediateThrowEvent id="Event_Throw"><bpmn:linkEventDefinition name="{0}"/></bpmn:intermediateThrowEvent>
<bpmn:intermediateCatchEvent id="Event_Catch"><bpmn:linkEventDefinition name="{1}"/></bpmn:intermediateCatchEvent>
"""


@pytest.fixture(scope="module")
def names() -> Declared:
    configured = settings.load()
    return collect_declared(load_people(configured.people).groups, configured.policy.model_dump())


def found(names: Declared, file: str, content: bytes) -> str:
    return "\n".join(map(str, check({file: content}, names)))


def changed(file: str, old: str, new: str, count: int = 1) -> bytes:
    text, replaced = re.subn(old, new, FILES[file].decode(), count=count, flags=re.DOTALL)
    assert replaced
    return text.encode()


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("<inputEntry.*?</inputEntry>", "", "row 1 has 4 cells for 5 columns"),
        ("<outputEntry.*?</outputEntry>", r"\g<0>\g<0>", "row 1 has 3 cells for 2 columns"),
        ("<output id[^>]*/>", "", "row 1 has 2 cells for 1 columns"),
        ('hitPolicy="FIRST"', 'hitPolicy="BEST"', "the engine has no hit policy BEST"),
        ('hitPolicy="FIRST"', 'hitPolicy="COLLECT" aggregation="AVERAGE"', "its hit policy COLLECT has no aggregation"),
        ('hitPolicy="FIRST"', 'hitPolicy="COLLECT" aggregation="SUM"', "SUM needs one output column, of numbers"),
        ('hitPolicy="FIRST"', 'hitPolicy="FIRST" aggregation="SUM"', "the hit policy FIRST has no aggregation SUM"),
        ("<definitions ", '<definitions expressionLanguage="juel" ', "it is written in juel instead of FEEL"),
        ('<definitions (.*?) id="[^"]*"', r"<definitions \1", "its decision requirements have no id"),
        (' camunda:historyTimeToLive="P180D"', "", "it has no history time to live"),
        ('historyTimeToLive="P180D"', 'historyTimeToLive="P6M"', "its history time to live is “P6M” instead"),
        ('typeRef="boolean"', 'typeRef="bool"', "the engine has no type “bool”"),
        ("<text>90</text>", "<text>high</text>", "“high” isn't a text in quotes"),
        ("<text>90</text>", '<text>"high"</text>', "“high” isn't of the type integer"),
        ("<text>90</text>", "<text>9.5</text>", "“9.5” isn't of the type integer"),
        ('<text>"evaluation_urgent"</text>', '<text>"evaluation_urgent",</text>', "“” isn't a text in quotes"),
        ('<inputEntry id="testing_priority_rule_1_in_1"', r'\g<0> expressionLanguage="juel"', "written in juel"),
        ('id="testing_priority_rule_2"', 'id="testing_priority_rule_1"', "2 elements have this id"),
        ("<decisionTable.*</decisionTable>", "<literalExpression/>", "it is a literalExpression instead of a table"),
        ("<decisionTable.*</decisionTable>", "", "it has no tables"),
        ("<decisionTable ", '<informationRequirement><requiredDecision href="#testing_priority"/>'
         "</informationRequirement><decisionTable ", "decisions require each other in a circle"),
        ("^.*$", "<html/>", "it isn't a decision in DMN 1.1 to 1.5 (but <html> of no namespace)"),
    ],
)  # fmt: skip
def test_a_damaged_decision_is_found(names: Declared, old: str, new: str, wrong: str) -> None:
    assert wrong in found(names, DECISION, changed(DECISION, old, new))


@pytest.mark.parametrize("namespace", [each.strip("{}") for each in DMN_NAMESPACES])
@pytest.mark.parametrize("flaw", ["<outputEntry.*?</outputEntry>", "(?!)"])
def test_a_decision_is_checked_alike_in_each_dmn_version(names: Declared, namespace: str, flaw: str) -> None:
    """With a row that lacks a cell, and unchanged: `(?!)` matches nothing."""
    content = re.sub(flaw, "", FILES[DECISION].decode(), count=1, flags=re.DOTALL)
    other = content.replace(DMN.strip("{}"), namespace)
    assert namespace in other
    assert found(names, DECISION, other.encode()) == found(names, DECISION, content.encode())


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ('bpmnElement="Collaboration_tell_by_telephone"', 'bpmnElement="Process_1"', "the plane is of Process_1"),
        ("<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", "", "it has no drawing"),
        ('id="Event_PatientTold"', 'id="Event_CallMissed"', "2 elements have this id"),
        ('<bpmn:endEvent id="Event_PatientTold"', "<bpmn:endEvent", "it has no id"),
        ("^.*$", '<definitions xmlns="http://www.omg.org/bpmn20"/>', "it isn't a diagram in BPMN 2.0"),
        (' camunda:historyTimeToLive="P180D"', "", "it has no history time to live"),
        ('historyTimeToLive="P180D"', 'historyTimeToLive="-1"', "its history time to live is “-1” instead"),
        ("<bpmn:userTask ", '<bpmn:userTask camunda:jobPriority="high" ', "its jobPriority is “high” instead"),
        ("<bpmn:process ", '<bpmn:process camunda:taskPriority="1.5" ', "its taskPriority is “1.5” instead"),
        (
            "<bpmn:extensionElements>",
            r"\g<0><camunda:failedJobRetryTimeCycle>0 0 9 * * ?"
            "</camunda:failedJobRetryTimeCycle>",
            "its retry time cycle is “0 0 9 * * ?”, which the engine can't read",
        ),
        ("</bpmn:userTask>", r"<bpmn:multiInstanceLoopCharacteristics/>\g<0>", "its multi-instance has neither"),
        ("<bpmn:process.*?>", r"\g<0><bpmn:adHocSubProcess id='SubProcess_Other'/>", "the engine doesn't support it"),
        (
            'targetRef="Gateway_CallToMake" />',
            'targetRef="Flow_MessageToTell_CallToMake"><bpmn:conditionExpression>${'
            "</bpmn:conditionExpression></bpmn:sequenceFlow>",
            "to another sequence flow",
        ),
    ],
)
def test_a_damaged_diagram_is_found(names: Declared, old: str, new: str, wrong: str) -> None:
    assert wrong in found(names, DIAGRAM, changed(DIAGRAM, old, new))


@pytest.mark.parametrize("text", ["R3/PT10M", "PT10M", "PT1M, PT10M", "${policy.prop('call_deadline').stringValue()}"])
def test_a_retry_time_that_the_engine_accepts_is_not_found(names: Declared, text: str) -> None:
    retries = f"<camunda:failedJobRetryTimeCycle>{text}</camunda:failedJobRetryTimeCycle>"
    assert "retry time cycle" not in found(
        names, DIAGRAM, changed(DIAGRAM, "<bpmn:extensionElements>", rf"\g<0>{retries}")
    )


def test_links_compensation_and_ad_hoc_steps_need_no_sequence_flow(names: Declared) -> None:
    """A link needs its counterpart, and a compensation event needs an associated step."""
    text = found(names, DIAGRAM, with_elements(LINKS.format("A", "A")))
    assert "Event_Throw): there is no" not in text
    text = found(names, DIAGRAM, with_elements(LINKS.format("A", "B")))
    assert "there is no catching link event A" in text
    assert "there is no throwing link event B" in text

    compensation = """
    <bpmn:boundaryEvent id="Event_Undo" attachedToRef="Task_TellPatient">
      <bpmn:compensateEventDefinition/>
    </bpmn:boundaryEvent>
    <bpmn:userTask id="Task_Undo" isForCompensation="true"/>"""
    text = found(names, DIAGRAM, with_elements(compensation))
    assert "no compensation activity is connected with it" in text
    assert "no compensation event is connected with it" in text
    association = '<bpmn:association id="A" sourceRef="Event_Undo" targetRef="Task_Undo"/>'
    text = found(names, DIAGRAM, with_elements(compensation + association))
    assert not re.search(r"(Event_Undo|Task_Undo)\): no ", text)

    ad_hoc = '<bpmn:adHocSubProcess id="SubProcess_Any"><bpmn:userTask id="Task_Any"/></bpmn:adHocSubProcess>'
    text = found(names, DIAGRAM, with_elements(ad_hoc))
    assert not re.search(r"Task_Any\): it (can't be reached|has no outgoing)", text)


def with_elements(elements: str) -> bytes:
    return changed(DIAGRAM, "</bpmn:process>", f"{elements}</bpmn:process>")


def test_an_escalation_is_checked_in_a_process_that_calls_itself(names: Declared) -> None:
    call = '<bpmn:callActivity id="Task_Again" calledElement="tell_by_telephone"/>'
    throw = '<bpmn:endEvent id="Event_Raised"><bpmn:escalationEventDefinition escalationRef="E"/></bpmn:endEvent>'
    escalation = '</bpmn:process><bpmn:escalation id="E" escalationCode="e"/>'
    text = changed(DIAGRAM, "</bpmn:process>", f"{call}{throw}{escalation}")
    assert "no event catches the escalation e" in found(names, DIAGRAM, text)


def form(**properties: Any) -> bytes:
    return json.dumps({**json.loads(FILES[FORM]), **properties}).encode()


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", "the file can't be read (Expecting value"),
        (b"[]", "the file can't be read (it isn't a form)"),
        (b'{"id": NaN}', "NaN isn't a number in JSON"),
        (b'{"id": "\\ud800"}', "the file can't be read"),
        (b"[" * 100_000, "nested too deeply"),
        ("{}".encode("utf-16"), "the file can't be read"),
        (b'{"type": "default", "components": []}', "the form has no id. Give it an id"),
        (form(id=5), "the form has an id that isn't a text"),
        (form(components=None), "review: isn't a Camunda Form"),
        (form(components=["x"]), "review: isn't a Camunda Form"),
        (form(schemaVersion="16"), "schemaVersion is “16” instead of a number"),
        (form(schemaVersion=19), 'and is 19. Open the file as text and write "schemaVersion": 16'),
    ],
)
def test_a_damaged_form_is_found(names: Declared, content: bytes, wrong: str) -> None:
    assert wrong in found(names, FORM, content)


def test_findings_of_a_component_without_an_id_are_sorted_with_the_others(names: Declared) -> None:
    fields = [
        {"type": "textfield", "key": "nowhere_1", "label": "x", "id": None},
        {"type": "textfield", "key": "nowhere_2", "label": "x", "id": "Text_1"},
    ]
    assert found(names, FORM, form(components=fields)).count("no variable nowhere") == len(fields)


def chain_of_steps(count: int) -> str:
    return "".join(
        f'<bpmn:userTask id="Task_{n}"/><bpmn:sequenceFlow id="F_{n}" sourceRef="Task_{n}" targetRef="Task_{n + 1}"/>'
        for n in range(count)
    )


@pytest.mark.timeout(300)
@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "content", "wrong"),
    [
        (DIAGRAM, with_elements(chain_of_steps(50_000)), "MB, and at most 1 MB can be checked"),
        (DIAGRAM, with_elements(chain_of_steps(4_000)), "it can't be reached from a start event"),
        (
            DIAGRAM,
            with_elements('<bpmn:subProcess id="S">' * 1000 + "</bpmn:subProcess>" * 1000),
            "nested more than 200",
        ),
        (
            DIAGRAM,
            changed(DIAGRAM, "<bpmn:userTask ", f'<bpmn:userTask camunda:owner="{"${a} " * 150_000}" '),
            "no var",
        ),
        (DECISION, FILES[DECISION] + b" " * 5_000_000, "MB, and at most 1 MB"),
        (FORM, form(title="x" * 5_000_000), "MB, and at most 1 MB"),
        (
            FORM,
            form(components=[{"type": "textfield", "id": f"A{n}", "key": f"k{n}"} for n in range(6_000)]),
            "no var",
        ),
        (
            FORM,
            form(components=[{"type": "text", "id": "A", "text": "{{x}}" * 150_000}]),
            "which no field or variable provides",
        ),
        (FORM, form(components=[{"type": "text", "id": "A", "text": "=" + "x and " * 150_000 + "x"}]), "400 words"),
        (
            FORM,
            form(components=[{"type": "textfield", "id": "A", "key": ".".join("a" * 1000)}]),
            "more than 20 parts",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_large_files_are_checked_within_seconds(names: Declared, file: str, content: bytes, wrong: str) -> None:
    began = time.process_time()
    text = found(names, file, content)
    assert wrong in text
    assert time.process_time() - began < 30
    assert max(map(len, text.splitlines())) < 1000
