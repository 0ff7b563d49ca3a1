"""Readers of the repository's diagrams, decisions and forms."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

from camunda7.lint import forms, tables
from camunda7.lint.diagram import BPMN, CAMUNDA
from camunda7.lint.tables import DMN
from config.settings import ROOT

PROCESSES = sorted((ROOT / "processes").glob("*.bpmn"))
DECISIONS = sorted((ROOT / "processes").glob("*.dmn"))
FORMS = sorted((ROOT / "forms").glob("*.form"))

EVENTS = ("startEvent", "endEvent", "intermediateThrowEvent", "intermediateCatchEvent", "boundaryEvent")
ACTIVITIES = ("userTask", "serviceTask", "receiveTask", "businessRuleTask", "callActivity", "subProcess")
GATEWAYS = ("exclusiveGateway", "parallelGateway", "eventBasedGateway")
FLOW_NODES = (*EVENTS, *ACTIVITIES, *GATEWAYS)


def elements(path: Path, *tags: str) -> list[ElementTree.Element]:
    tree = ElementTree.parse(path)
    return [element for tag in tags for element in tree.iter(BPMN + tag)]


def flow_nodes(path: Path) -> list[str]:
    return [element.get("id") for element in elements(path, *FLOW_NODES)]


def sequence_flows(path: Path) -> list[tuple[str, str, str]]:
    """Id, source and target of each sequence flow."""
    return [(flow.get("id"), flow.get("sourceRef"), flow.get("targetRef")) for flow in elements(path, "sequenceFlow")]


def error_codes() -> set[str]:
    return {error.get("errorCode") for path in PROCESSES for error in elements(path, "error")}


def expressions(path: Path) -> list[str]:
    """All JUEL and FEEL expressions of a diagram: attributes, conditions, parameters and scripts."""
    found = []
    for element in ElementTree.parse(path).iter():
        texts = [element.text or "", *element.attrib.values()]
        found += [text.strip() for text in texts if "${" in text or "#{" in text]
        if element.tag == CAMUNDA + "script":
            found.append(element.text or "")
    return found


WORD = re.compile(r'"[^"]*"|\'[^\']*\'|(?<![.\w])([a-z][a-z0-9_]*)(?![\w(])')
# names in expressions that are no variables: objects of the engine, operators, keywords of FEEL
NOT_VARIABLES = {
    "execution",
    "task",
    "policy",
    "today",
    "and",
    "or",
    "not",
    "true",
    "false",
    "null",
    "years",
    "months",
    "duration",
}


def names_in(expression: str) -> set[str]:
    """Names in an expression that may be variables, including the quoted names in calls of setVariable."""
    assigned = set(re.findall(r"setVariable\(['\"](\w+)['\"]", expression))
    return {name for name in WORD.findall(expression) if name} - NOT_VARIABLES | assigned


def variables_of_diagrams() -> set[str]:
    found: set[str] = set()
    for path in PROCESSES:
        for expression in expressions(path):
            found |= names_in(expression)
        for element in ElementTree.parse(path).iter():
            if element.tag in (CAMUNDA + "inputParameter", CAMUNDA + "outputParameter"):
                found.add(element.get("name"))
            if element.tag in (CAMUNDA + "in", CAMUNDA + "out"):
                found |= {element.get("source"), element.get("target")} - {None}
            for attribute in ("resultVariable", "elementVariable"):
                if element.get(CAMUNDA + attribute):
                    found.add(element.get(CAMUNDA + attribute))
    return found


def form_fields(path: Path) -> dict[str, dict]:
    """The components that set a variable, by its name; a dynamic list without the fields in it."""
    return dict(forms.fields(json.loads(path.read_text())["components"]))


def decisions(path: Path) -> list[tables.Table]:
    return [tables.read(decision) for decision in ElementTree.parse(path).iter(DMN + "decision")]


def decision_inputs(path: Path) -> set[str]:
    """The variables that a decision file reads: its input columns without outputs of its own decisions."""
    found = decisions(path)
    return {column.name for table in found for column in table.inputs} - {table.id for table in found}


def decision_outputs(path: Path) -> set[str]:
    return {column.name for table in decisions(path) for column in table.outputs}
