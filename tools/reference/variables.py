"""Generates docs/reference/variables.md: each process variable with type, codes, meaning and writers.

Writers are found in forms, decisions and diagrams, in the return values of handlers, and in the functions of WRITERS.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from camunda7.lint import forms, tables
from camunda7.lint.diagram import BPMN, CAMUNDA
from camunda7.lint.tables import DMN
from camunda7.variables import Catalogue
from config.settings import ROOT
from processes import variables
from processes.variables import VARIABLES, VOIDED_BY_CORRECTION
from tools.reference.markdown import code, table
from workers.lanes import all_handlers

INTRODUCTION = """# Process variables

Written by `make reference` from `processes/variables.py`, so change that, not this page; a test compares them. What
writes a variable is found in forms, decisions, diagrams and code. The types are Camunda's; a calendar day is a String,
YYYY-MM-DD. "Voided": a corrected result voids the value, and the reopened case writes it again.
"""
HEADER = ("variable", "type", "codes", "meaning", "written by", "voided")
PARTS = {
    "Pre-screening": variables.PRE_SCREENING,
    "Assessment": variables.ASSESSMENT,
    "Request for evaluation": variables.REQUEST,
    "Medical form": variables.MEDICAL,
    "Sample and test": variables.TEST,
    "Report": variables.REPORT,
    "Contact tracing": variables.TRACING,
    "Watch at home": variables.WATCH,
    "User tasks": variables.TASK,
    "Case": variables.CASE,
    "Laboratory's inbox": variables.INBOX,
}
# functions that write variables as keys of a dict, with their packages
WRITERS = (
    ("workers", "summarize_day"),
    ("processes", "initial_values"),
    ("processes", "reopen_case"),
    ("processes", "set_language"),
    ("workers", "_result_values"),
    ("workers", "_start_task"),
    ("workers", "_end_task"),
    ("workers", "_values"),
    ("processes", "withdraw_case"),
)
SET = re.compile(r"setVariable(?:Local)?\(['\"](\w+)['\"]")
# facts on a user task's card (TaskFacts.java)
SHOWN = re.compile(r"facts\.show\(task, '([\w, ]+)'\)")
RESULTS = (CAMUNDA + "resultVariable", CAMUNDA + "elementVariable")
# elements that set variables, with the attribute that has the name; not camunda:in, which only copies
PARAMETERS = {
    CAMUNDA + "inputParameter": "name",
    CAMUNDA + "outputParameter": "name",
    CAMUNDA + "out": "target",
    CAMUNDA + "property": "name",
}


def render_page() -> str:
    """Render the page."""
    writers = find_writers()
    texts = [f"## {name}\n\n{table(HEADER, _rows(part, writers))}" for name, part in PARTS.items()]
    return "\n".join([INTRODUCTION, *texts])


def find_writers() -> dict[str, list[str]]:
    """Return the writers of each variable, by its name."""
    found = defaultdict(list)
    for writer, names in (*_forms(), *_decisions(), *_diagrams(), *_handlers(), *_functions()):
        for name in VARIABLES.keys() & set(names):
            found[name].append(writer)
    return found


def _rows(part: Catalogue, writers: dict[str, list[str]]) -> Iterator[tuple[str, ...]]:
    for name, each in part.items():
        codes = ", ".join(map(code, each.values))
        voided = "yes" if name in VOIDED_BY_CORRECTION else ""
        yield code(name), each.type, codes, each.meaning, ", ".join(dict.fromkeys(writers[name])), voided


def _forms() -> Iterator[tuple[str, Iterable[str]]]:
    """Yield each form with its editable fields."""
    for path in sorted((ROOT / "forms").glob("*.form")):
        fields = forms.fields(json.loads(path.read_text(encoding="utf-8"))["components"])
        yield f"form {code(path.stem)}", [name for name, field in fields if not _is_read_only(field)]


def _is_read_only(field: dict[str, Any]) -> bool:
    return bool(field.get("disabled") or field.get("readonly"))


def _decisions() -> Iterator[tuple[str, Iterable[str]]]:
    for path in sorted((ROOT / "processes").glob("*.dmn")):
        for decision in ElementTree.parse(path).iter(DMN + "decision"):  # noqa: S314 - our own files
            found = tables.read(decision)
            yield f"decision {code(found.id)}", [column.name for column in found.outputs]


def _diagrams() -> Iterator[tuple[str, Iterable[str]]]:
    for path in sorted((ROOT / "processes").glob("*.bpmn")):
        names = (name for element in ElementTree.parse(path).iter() for name in _variables_set_by(element))  # noqa: S314
        yield f"diagram {code(path.stem)}", names


def _variables_set_by(element: ElementTree.Element) -> Iterator[str]:
    if element.tag in PARAMETERS:
        yield element.get(PARAMETERS[element.tag], "")
    yield from (element.get(attribute, "") for attribute in RESULTS)
    if not element.tag.startswith(BPMN + "documentation"):
        for text in (element.text or "", *element.attrib.values()):
            yield from SET.findall(text)
            yield from (f"card_{name.strip()}" for names in SHOWN.findall(text) for name in names.split(","))


def _handlers() -> Iterator[tuple[str, Iterable[str]]]:
    for handler in all_handlers():
        tree = ast.parse(inspect.getsource(handler.function))
        returned = [node for node in ast.walk(tree) if isinstance(node, ast.Return)]
        yield f"worker {code(handler.topic)}", [key for node in returned for key in _keys(node)]


def _functions() -> Iterator[tuple[str, Iterable[str]]]:
    for package, name in WRITERS:
        path, function = _function(package, name)
        yield code(path.relative_to(ROOT).as_posix()), _keys(function)


def _function(package: str, name: str) -> tuple[Path, ast.FunctionDef]:
    """Return the function of this name in a package, with its file.

    Raises:
        LookupError: there is none, or more than one.
    """
    found = [
        (path, node)
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    if len(found) != 1:
        raise LookupError(f"{package}/ has {len(found)} functions {name}, which docs/reference/variables.md reads")
    return found[0]


def _keys(node: ast.AST) -> Iterator[str]:
    """Yield the constant keys of dict displays."""
    for each in ast.walk(node):
        if isinstance(each, ast.Dict):
            yield from (str(key.value) for key in each.keys if isinstance(key, ast.Constant))
