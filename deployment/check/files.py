"""The files to be checked, read: diagrams, decisions, forms; what can't be read is a finding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any
from xml.etree import ElementTree

from deployment.check import xml
from deployment.check.diagram import Diagram
from deployment.check.finding import Finding


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
            except (ElementTree.ParseError, ValueError) as error:
                wrong = f"the file can't be read ({error})"
                todo = "Save it once more from Camunda Modeler, or take back the last change"
                files.unread.append(Finding(name, "", "", wrong, todo))
        return files

    def _take(self, name: str, content: bytes) -> None:
        match PurePath(name).suffix:
            case ".bpmn":
                self.diagrams.append(Diagram(name, xml.parse(content)))
            case ".dmn":
                self.decisions[name] = xml.parse(content)
            case ".form":
                form = json.loads(content)
                if not isinstance(form, dict):
                    raise ValueError("it isn't a form")
                self.forms[name] = form
