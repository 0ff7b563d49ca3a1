"""Linter for mappings: what a call activity passes to a process is used there.

Each such variable is stored, and its history written, once more for each call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from xml.etree import ElementTree

from camunda7.lint.declared import Declared
from camunda7.lint.diagram import BPMN, CAMUNDA, Diagram, Element
from camunda7.lint.files import Files
from camunda7.lint.finding import Finding
from camunda7.lint.tables import DMN

WORD = re.compile(r"[A-Za-z_]\w*")
# texts for people, and ids
IGNORED_TAGS = (BPMN + "documentation", BPMN + "incoming", BPMN + "outgoing")
IGNORED_ATTRIBUTES = ("id", "name", "sourceRef", "targetRef", "attachedToRef", "bpmnElement")


def findings(files: Files, declared: Declared) -> Iterator[Finding]:
    for diagram in files.diagrams:
        for call in diagram.of("callActivity"):
            process = _find_process(files, call.node.get("calledElement", ""))
            if process is None:
                continue
            used = _list_used(files, *process, declared)
            for name in _list_passed(call):
                if used is not None and name not in used:
                    wrong = f"it passes {name} to {process[1].id}, which doesn't use it"
                    yield diagram.finding(call, wrong, "Delete the mapping")


def _find_process(files: Files, name: str) -> tuple[Diagram, Element] | None:
    return next(((diagram, each) for diagram in files.diagrams for each in diagram.processes if each.id == name), None)


def _list_passed(call: Element) -> list[str]:
    """Return the names that variables have in the called process."""
    return [name for each in call.node.iter(CAMUNDA + "in") if (name := each.get("target"))]


def _list_used(files: Files, diagram: Diagram, process: Element, declared: Declared) -> set[str] | None:
    """Return the words by which a process may use a variable; None if a worker reads all variables."""
    inside = [each for each in diagram.nodes if _is_in(diagram, each, process)]
    words = set(_list_words(process.node))
    for each in inside:
        read = declared.read.get(each.topic, ())
        if each.topic and read is None:
            return None
        words.update(read or ())
    for form in files.forms.values():
        if form.get("id") in {each.camunda("formRef") for each in inside}:
            words.update(WORD.findall(json.dumps(form)))
    decisions = {each.camunda("decisionRef") for each in inside}
    for root in files.decisions.values():
        if decisions & {each.get("id", "") for each in root.iter(DMN + "decision")}:
            words.update(word for each in root.iter() for word in WORD.findall(each.text or ""))
    return words | {name for fact in words & declared.facts.keys() for name in declared.facts[fact]}


def _is_in(diagram: Diagram, element: Element, process: Element) -> bool:
    scope = element.scope
    while scope and scope != process.id:
        scope = diagram.elements[scope].scope
    return scope == process.id


def _list_words(node: ElementTree.Element) -> Iterator[str]:
    if node.tag in IGNORED_TAGS:
        return
    for name, value in node.attrib.items():
        if name not in IGNORED_ATTRIBUTES:
            yield from WORD.findall(value)
    yield from WORD.findall(node.text or "")
    for child in node:
        yield from _list_words(child)
