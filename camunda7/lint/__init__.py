"""Linter for diagrams, decisions and forms, with messages for modellers.

    for finding in check(contents, Declared(variables, topics, …)):
        print(finding)

Each file is read once (files.py), and checked against the names that the application declares (declared.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from camunda7.lint import attributes, decisions, events, expressions, forms, mappings, references, structure, times
from camunda7.lint.declared import Declared
from camunda7.lint.files import Files
from camunda7.lint.finding import Finding

__all__ = ["Declared", "Finding", "check"]


def check(contents: Mapping[str, bytes], names: Declared) -> list[Finding]:
    """Lint files that are deployed together; returns the findings, sorted by file.

    Args:
        contents: contents of *.bpmn, *.dmn and *.form, by file name.
        names: declared names to which they may refer.
    """
    files = Files.read(contents)
    return sorted({*files.unreadable, *_findings(files, names)})


def _findings(files: Files, names: Declared) -> Iterator[Finding]:
    for diagram in files.diagrams:
        yield from structure.findings(diagram)
        yield from times.findings(diagram, names)
        yield from attributes.findings(diagram)
        yield from expressions.findings(diagram, names)
    for file, root in files.decisions.items():
        yield from decisions.findings(file, root, names)
    for file, form in files.forms.items():
        yield from forms.findings(file, form, names.variables)
    # an unreadable file may declare what others refer to
    if not files.unreadable:
        yield from references.findings(files, names)
        yield from events.findings(files, names)
        yield from mappings.findings(files, names)
