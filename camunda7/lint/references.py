"""Linter for references: the topics, forms, decisions and processes to which diagrams refer exist, and all are used."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from camunda7.lint.declared import Declared
from camunda7.lint.diagram import Diagram
from camunda7.lint.files import Files
from camunda7.lint.finding import Finding, did_you_mean
from camunda7.lint.tables import DMN


def findings(files: Files, declared: Declared) -> Iterator[Finding]:
    for diagram in files.diagrams:
        yield from _check_topics(diagram, declared)
        yield from _check_files(diagram, files)
    yield from _check_unused(files, declared)
    yield from _check_ids_in_code(files, declared)


def _check_ids_in_code(files: Files, declared: Declared) -> Iterator[Finding]:
    """Check that the ids of elements in code exist in a diagram."""
    steps = {each.id for diagram in files.diagrams for each in diagram.nodes}
    for step in declared.named.keys() - steps:
        for file in declared.named[step]:
            wrong = f"it refers to the element {step}, which no diagram has{did_you_mean(step, steps)}"
            yield Finding(file, "", "", wrong, "Use the id that the element has in the diagram")


def _check_topics(diagram: Diagram, declared: Declared) -> Iterator[Finding]:
    for each in diagram.nodes:
        if each.topic and each.topic not in declared.topics:
            yield diagram.finding(
                each,
                f"no worker handles the topic {each.topic}{did_you_mean(each.topic, declared.topics)}",
                "Correct the topic, or write its handler in workers/ (docs/how-to/write-a-worker.md)",
            )


def _check_files(diagram: Diagram, files: Files) -> Iterator[Finding]:
    """Check that the forms, decisions and called processes of a diagram exist."""
    there = {
        "formRef": ("form", {str(form.get("id")) for form in files.forms.values()}),
        "decisionRef": ("decision", set(_all_decision_ids(files))),
        "calledElement": ("diagram", {each.id for other in files.diagrams for each in other.processes}),
    }
    for each in diagram.nodes:
        for attribute, (what, known) in there.items():
            named = each.camunda(attribute) or each.node.get(attribute, "")
            if named and "${" not in named and named not in known:
                wrong = f"there is no {what} {named}{did_you_mean(named, known)}"
                yield diagram.finding(each, wrong, f"Correct the name, or add the {what}")


def _check_unused(files: Files, declared: Declared) -> Iterator[Finding]:
    """Check that a diagram uses each form, decision and topic."""
    nodes = [each for diagram in files.diagrams for each in diagram.nodes]
    forms, decisions = {each.camunda("formRef") for each in nodes}, {each.camunda("decisionRef") for each in nodes}
    for file, form in files.forms.items():
        name = form.get("id")
        # a form without an id is a finding of forms.py
        if isinstance(name, str) and name not in forms:
            yield Finding(file, "", name, "no task uses this form", "Use it in a task, or delete the file")
    for file, root in files.decisions.items():
        if not decisions & set(_decision_ids(root)):
            yield Finding(file, "", "", "no task uses this decision", "Use it in a task, or delete the file")
    for topic in sorted(set(declared.topics) - {each.topic for each in nodes}):
        yield Finding(
            "workers", topic, "", "no task or event has this topic", "Use it in a task, or delete its handler"
        )


def _all_decision_ids(files: Files) -> Iterator[str]:
    for root in files.decisions.values():
        yield from _decision_ids(root)


def _decision_ids(root: ElementTree.Element) -> list[str]:
    return [each.get("id", "") for each in root.iter(DMN + "decision")]
