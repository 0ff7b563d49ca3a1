"""The files to be checked, read: diagrams, decisions, forms; what can't be read is a finding."""

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

# namespaces of DMN 1.1 to 1.5 that the engine reads, all alike in what tables have
DMN_NAMESPACES = (
    "{http://www.omg.org/spec/DMN/20151101/dmn.xsd}",
    "{http://www.omg.org/spec/DMN/20151101/dmn11.xsd}",
    "{http://www.omg.org/spec/DMN/20180521/MODEL/}",
    DMN,
    "{https://www.omg.org/spec/DMN/20211108/MODEL/}",
    "{https://www.omg.org/spec/DMN/20230324/MODEL/}",
)
# the check takes seconds for such a file; what people draw has a hundredth of it
MAX_SIZE = 1_000_000
SAVE = "Save it once more from Camunda Modeler, or take back the last change"
SAVE_AS_DMN_1_3 = "Save it from Camunda Modeler as a decision for Camunda 7, which is DMN 1.3"


class FileError(Exception):
    """A file can't be read; the message says why.

    Attributes:
        todo: what to do.
    """

    def __init__(self, wrong: str, todo: str = SAVE):
        super().__init__(wrong)
        self.todo = todo


@dataclass
class Files:
    """What is to be deployed together.

    Attributes:
        decisions, forms: by the file's name.
        unread: findings of the files that can't be read.
    """

    diagrams: list[Diagram] = field(default_factory=list)
    decisions: dict[str, ElementTree.Element] = field(default_factory=dict)
    forms: dict[str, dict[str, Any]] = field(default_factory=dict)
    unread: list[Finding] = field(default_factory=list)

    @classmethod
    def read(cls, contents: Mapping[str, bytes]) -> Files:
        """Read what the files hold, by their names."""
        files = cls()
        for name, content in sorted(contents.items()):
            try:
                files._take(name, content)
            except FileError as error:
                files.unread.append(Finding(name, "", "", str(error), error.todo))
        return files

    def _take(self, name: str, content: bytes) -> None:
        match PurePath(name).suffix:
            case ".bpmn":
                self.diagrams.append(read_diagram(name, content))
            case ".dmn":
                self.decisions[name] = read_decisions(content)
            case ".form":
                self.forms[name] = read_form(content)


def read_diagram(name: str, content: bytes) -> Diagram:
    """A BPMN file.

    Raises:
        FileError: it isn't one, or is too large.
    """
    root = _parse(content)
    if root.tag != BPMN + "definitions":
        raise FileError(f"it is no diagram in BPMN 2.0 (but {_described(root)})")
    return Diagram(name, root)


def read_decisions(content: bytes) -> ElementTree.Element:
    """The root of a DMN file, of whatever version, with the elements' names of DMN 1.3.

    Raises:
        FileError: it isn't one, or is too large.
    """
    root = _parse(content)
    namespace = root.tag.removesuffix("definitions")
    if namespace not in DMN_NAMESPACES:
        raise FileError(f"it is no decision in DMN 1.1 to 1.5 (but {_described(root)})", SAVE_AS_DMN_1_3)
    for node in root.iter():
        if node.tag.startswith(namespace):
            node.tag = DMN + node.tag.removeprefix(namespace)
    return root


def read_form(content: bytes) -> dict[str, Any]:
    """A form's schema.

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
    raise ValueError(f"{name} is no number in JSON")


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


def _described(root: ElementTree.Element) -> str:
    namespace, _, name = root.tag.rpartition("}")
    return f"<{name}> of {namespace.removeprefix('{') or 'no namespace'}"
