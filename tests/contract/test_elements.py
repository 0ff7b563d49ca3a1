"""Names from the diagrams are declared once, in processes/elements.py, and code refers to them by their members."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from camunda7.release.hints import HINTS, read_hints
from config.settings import ROOT
from processes import elements
from processes.elements import FLOW_NODES, Decision, Message, Process
from tests.support.diagrams import DECISIONS, FORMS, PROCESSES, decisions
from tests.support.diagrams import elements as elements_of
from tests.support.packages import PACKAGES

KINDS = [each for each in vars(elements).values() if isinstance(each, type) and each.__module__ == elements.__name__]
DECLARED_IN = ROOT / "processes" / "elements.py"
# the services simulate servers of other organisations, and the toolkit is generic: neither knows our diagrams
INDEPENDENT = {"camunda7", "services"}
STEP = re.compile(r"\b(?:Task|Event|Gateway|SubProcess)_\w+\b")
# a message and the form that sends it have the same name
FORM_NAMES = {path.stem for path in FORMS}


def names_in_diagrams(kind: type[StrEnum]) -> set[str]:
    """Names of this kind in the diagrams, and former ids of renamed steps."""
    if kind is Decision:
        return {decision.id for path in DECISIONS for decision in decisions(path)}
    tag = kind.__name__[0].lower() + kind.__name__[1:]
    attribute = "name" if kind is Message else "id"
    former = {step for each in read_hints(ROOT / "processes" / HINTS).values() for step in each.steps}
    found = {node.get(attribute, "") for path in PROCESSES for node in elements_of(path, tag)}
    return found | former if kind in FLOW_NODES else found


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_member_is_an_element_of_its_kind(kind: type[StrEnum]) -> None:
    assert set(kind) - names_in_diagrams(kind) == set()


def test_each_kind_of_flow_node_is_listed() -> None:
    assert set(KINDS) == {Process, Decision, Message, *FLOW_NODES}


def test_each_process_is_declared() -> None:
    assert set(Process) == {path.stem for path in PROCESSES}


def literals(source: str) -> Iterator[str]:
    """Names of elements in string literals of code, except docstrings."""
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    known = {str(member) for kind in KINDS for member in kind} - FORM_NAMES
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield from known.intersection(re.findall(r"\w+", node.value)) | set(STEP.findall(node.value))


def modules() -> list[Path]:
    folders = [*(set(PACKAGES) - INDEPENDENT), "tools"]
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py") if path != DECLARED_IN)


def test_no_literal_in_code_names_an_element() -> None:
    found = {path.relative_to(ROOT).as_posix(): names for path in modules() if (names := [*literals(path.read_text())])}
    assert found == {}


def test_a_planted_literal_is_found() -> None:
    planted = 'def f():\n    """At Task_VisitPatient."""\n    return f"corona_care/{1}", "Task_Unknown", "my_corona"'
    assert sorted(literals(planted)) == ["Task_Unknown", "corona_care"]


def test_steps_in_alerts_are_in_a_diagram() -> None:
    named = set(STEP.findall((ROOT / "monitoring" / "alerts.yml").read_text()))
    assert named
    assert named <= {node.get("id") for path in PROCESSES for node in elements_of(path, "userTask", "receiveTask")}
