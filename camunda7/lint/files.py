"""Parses the files to lint: diagrams, decisions, forms. A file that can't be parsed is a finding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, NoReturn
from xml.etree import ElementTree

from camunda7.lint.diagram import BPMN, Diagram
from camunda7.lint.finding import Finding
from camunda7.lint.tables import DMN
from camunda7.xml import XmlError, parse

# namespaces of DMN 1.1 to 1.5 that the engine reads; decision tables are the same in all of them
DMN_NAMESPACES = (
    "{http://www.omg.org/spec/DMN/20151101/dmn.xsd}",
    "{http://www.omg.org/spec/DMN/20151101/dmn11.xsd}",
    "{http://www.omg.org/spec/DMN/20180521/MODEL/}",
    DMN,
    "{https://www.omg.org/spec/DMN/20211108/MODEL/}",
    "{https://www.omg.org/spec/DMN/20230324/MODEL/}",
)
# in bytes: linting such a file takes seconds; usual files have a hundredth of it
MAX_SIZE = 1_000_000
SAVE = "Save it from Camunda Modeler again, or undo the last change"
SAVE_AS_DMN_1_3 = "Save it from Camunda Modeler as a decision for Camunda 7, which is DMN 1.3"


class FileError(Exception):
    """A file can't be read; the message has the reason.

    Attributes:
        todo: the remedy.
    """

    def __init__(self, wrong: str, todo: str = SAVE):
        super().__init__(wrong)
        self.todo = todo


@dataclass
class Files:
    """Parsed files that are deployed together.

    Attributes:
        decisions: root elements of DMN files, by file name.
        forms: schemas, by file name.
        unreadable: findings on files that can't be read.
    """

    diagrams: list[Diagram] = field(default_factory=list)
    decisions: dict[str, ElementTree.Element] = field(default_factory=dict)
    forms: dict[str, dict[str, Any]] = field(default_factory=dict)
    unreadable: list[Finding] = field(default_factory=list)

    @classmethod
    def read(cls, contents: Mapping[str, bytes]) -> Files:
        """Parse files, given their contents by file name."""
        files = cls()
        for name, content in sorted(contents.items()):
            try:
                files._add(name, content)
            except FileError as error:
                files.unreadable.append(Finding(name, "", "", str(error), error.todo))
        return files

    def _add(self, name: str, content: bytes) -> None:
        match PurePath(name).suffix:
            case ".bpmn":
                self.diagrams.append(read_diagram(name, content))
            case ".dmn":
                self.decisions[name] = read_decisions(content)
            case ".form":
                self.forms[name] = read_form(content)


def read_diagram(name: str, content: bytes) -> Diagram:
    """Parse a BPMN file.

    Raises:
        FileError: it isn't BPMN 2.0, or is too large.
    """
    root = _parse(content)
    if root.tag != BPMN + "definitions":
        raise FileError(f"it isn't a diagram in BPMN 2.0 (but {_describe_root(root)})")
    return Diagram(name, root)


def read_decisions(content: bytes) -> ElementTree.Element:
    """Parse a DMN file; returns its root, with the namespace of DMN 1.3 whatever its version.

    Raises:
        FileError: it isn't DMN 1.1 to 1.5, or is too large.
    """
    root = _parse(content)
    namespace = root.tag.removesuffix("definitions")
    if namespace not in DMN_NAMESPACES:
        raise FileError(f"it isn't a decision in DMN 1.1 to 1.5 (but {_describe_root(root)})", SAVE_AS_DMN_1_3)
    for node in root.iter():
        if node.tag.startswith(namespace):
            node.tag = DMN + node.tag.removeprefix(namespace)
    return root


def read_form(content: bytes) -> dict[str, Any]:
    """Parse a form's schema.

    Raises:
        FileError: it isn't a JSON object in UTF-8, or is too large.
    """
    _refuse_size(content)
    try:
        form = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse_constant)
        json.dumps(form, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise FileError("the file can't be read (it is nested too deeply)") from None
    except ValueError as error:
        raise FileError(f"the file can't be read ({error})") from None
    if not isinstance(form, dict):
        raise FileError("the file can't be read (it isn't a form)")
    return form


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} isn't a number in JSON")


def _refuse_size(content: bytes) -> None:
    if len(content) > MAX_SIZE:
        wrong = f"it has {len(content) / 1e6:.1f} MB, and at most {MAX_SIZE / 1e6:.0f} MB can be checked"
        raise FileError(wrong, "Divide it, or delete what isn't needed")


def _parse(content: bytes) -> ElementTree.Element:
    _refuse_size(content)
    try:
        return parse(content)
    except XmlError as error:
        raise FileError(f"the file can't be read ({error})") from None


def _describe_root(root: ElementTree.Element) -> str:
    namespace, _, name = root.tag.rpartition("}")
    return f"<{name}> of {namespace.removeprefix('{') or 'no namespace'}"
