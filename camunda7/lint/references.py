"""Whether what diagrams refer to is there: topics, forms, decisions, other diagrams; and whether all of it is used."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from camunda7.lint.declared import Declared
from camunda7.lint.diagram import Diagram
from camunda7.lint.files import Files
from camunda7.lint.finding import Finding, like
from camunda7.lint.tables import DMN


def findings(files: Files, declared: Declared) -> Iterator[Finding]:
    for diagram in files.diagrams:
        yield from _topics(diagram, declared)
        yield from _files(diagram, files)
    yield from _unused(files, declared)
    yield from _named(files, declared)


def _named(files: Files, declared: Declared) -> Iterator[Finding]:
    """Code that names a step finds nothing there once the step has another id."""
    steps = {each.id for diagram in files.diagrams for each in diagram.nodes}
    for step in declared.named.keys() - steps:
        for file in declared.named[step]:
            wrong = f"it looks at what is at {step}, and there is no such step{like(step, steps)}"
            yield Finding(file, "", "", wrong, "Name the step there as the diagram does")


def _topics(diagram: Diagram, declared: Declared) -> Iterator[Finding]:
    for each in diagram.nodes:
        if each.topic and each.topic not in declared.topics:
            yield diagram.finding(
                each,
                f"no worker does {each.topic}{like(each.topic, declared.topics)}",
                "Correct the topic, or write its handler in workers/ (docs/how-to/write-a-worker.md)",
            )


def _files(diagram: Diagram, files: Files) -> Iterator[Finding]:
    """Forms, decisions and diagrams that are named."""
    there = {
        "formRef": ("form", {str(form.get("id")) for form in files.forms.values()}),
        "decisionRef": ("decision", set(_decisions(files))),
        "calledElement": ("diagram", {each.id for other in files.diagrams for each in other.processes}),
    }
    for each in diagram.nodes:
        for attribute, (what, known) in there.items():
            named = each.camunda(attribute) or each.node.get(attribute, "")
            if named and "${" not in named and named not in known:
                wrong = f"there is no {what} {named}{like(named, known)}"
                yield diagram.finding(each, wrong, f"Correct the name, or add the {what}")


def _unused(files: Files, declared: Declared) -> Iterator[Finding]:
    """What is there, and no diagram uses it: something has lost its step."""
    nodes = [each for diagram in files.diagrams for each in diagram.nodes]
    forms, decisions = {each.camunda("formRef") for each in nodes}, {each.camunda("decisionRef") for each in nodes}
    for file, form in files.forms.items():
        name = form.get("id")
        # one without an id is found by the check of forms
        if isinstance(name, str) and name not in forms:
            yield Finding(file, "", name, "no step asks for this form", "Give it a task, or delete the file")
    for file, root in files.decisions.items():
        if not decisions & set(_of_file(root)):
            yield Finding(file, "", "", "no step takes this decision", "Give it a task, or delete the file")
    for topic in sorted(set(declared.topics) - {each.topic for each in nodes}):
        yield Finding("workers", topic, "", "no step has this topic", "Give it a task, or delete its handler")


def _decisions(files: Files) -> Iterator[str]:
    for root in files.decisions.values():
        yield from _of_file(root)


def _of_file(root: ElementTree.Element) -> list[str]:
    return [each.get("id", "") for each in root.iter(DMN + "decision")]
