"""Whether forms can be shown, by Tasklist and by our pages, and ask for variables that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import PurePath
from typing import Any

from camunda7.expressions import unary_tests
from camunda7.forms import Form, UnsupportedForm
from camunda7.forms.patterns import Pattern
from camunda7.forms.properties import describe
from camunda7.forms.schema import KEYED
from camunda7.forms.value_types import value_types
from camunda7.lint.declared import declare
from camunda7.lint.finding import Finding, like
from camunda7.variables import Catalogue, Variable

COMPARED = re.compile(r'(\w+)\s*!?=\s*"([^"]*)"')
INSERT = re.compile(r"\{\{(.*?)\}\}")
Component = dict[str, Any]


def findings(file: str, form: dict[str, Any], variables: Catalogue) -> Iterator[Finding]:
    """All that is wrong with a form."""
    try:
        read = Form.parse(form)
    except UnsupportedForm as error:
        # its message has the form and the component
        yield Finding(file, "", "", str(error), error.todo or "Use what both can show (docs/reference/forms.md)")
        return
    stem = PurePath(file).stem
    if form["id"] != stem:
        yield Finding(file, "", form["id"], f"its id is {form['id']}", f"Call it {stem}, as its file is called")
    yield from _slow_patterns(file, read)
    everything = list(walk(form["components"]))
    names = {id(each): name for name, each in fields(form["components"])}
    known = {*variables, *(each.get("key") or each.get("path") or "" for each in everything)}
    for component in everything:
        name = names.get(id(component))
        if name and name not in variables:
            yield _finding(file, component, f"there is no variable {name}{like(name, variables)}", declare(variables))
        elif name:
            problems = _field(component, variables[name], variables.source)
            yield from (_finding(file, component, *problem) for problem in problems)
        yield from (_finding(file, component, *problem) for problem in _read(component, known, variables))


def _finding(file: str, component: Component, wrong: str, todo: str) -> Finding:
    # an id may be null, which form-js takes for missing
    return Finding(file, called(component), component.get("id") or "", wrong, todo)


def _slow_patterns(file: str, form: Form) -> Iterator[Finding]:
    for component in (each for part in form.components for each in part.walk()):
        pattern = component.rules.get("pattern")
        if pattern and _is_slow(pattern):
            wrong = f"for some answers its pattern {pattern.source} takes too long to be checked"
            todo = "Let no repetition hold another one that takes the same characters, as in (a+)+"
            yield Finding(file, component.label.text, component.id, wrong, todo)


@cache
def _is_slow(pattern: Pattern) -> bool:
    # some thousand texts are tried
    return pattern.find_slow_text() is not None


def called(component: Component) -> str:
    """What people call a component: its label, or text, or else what it is."""
    return str(component.get("label") or component.get("text") or component.get("type", "")).strip("# \n")[:60]


def walk(components: Any) -> Iterator[Component]:
    """All of them, groups and what they hold; nothing of what is no list of components."""
    for component in components if isinstance(components, list) else []:
        if isinstance(component, dict):
            yield component
            yield from walk(component.get("components"))


def fields(components: list[Component]) -> Iterator[tuple[str, Component]]:
    """What fills a variable, with the variable's name; of a list of several entries the list itself."""
    for component in components:
        if component["type"] == "dynamiclist":
            yield component["path"], component
        elif component["type"] in KEYED:
            yield component["key"], component
        else:
            yield from fields(component.get("components", []))


def _read(component: Component, known: set[str], variables: Catalogue) -> Iterator[tuple[str, str]]:
    """What is wrong with its expressions."""
    for text in dict.fromkeys(_texts(component)):
        yield from _compared(text, variables)
        for missing in sorted(unary_tests.names(text) - known):
            yield (
                f"“{text}” reads {missing}, which nothing asks for{like(missing, filter(None, known))}",
                declare(variables),
            )


def _compared(text: str, variables: Catalogue) -> Iterator[tuple[str, str]]:
    for name, value in COMPARED.findall(text):
        codes = variables[name].values if name in variables else ()
        if codes and value not in codes:
            yield f"{name} is never “{value}”{like(value, codes)}", f"Write one of {', '.join(codes)}"


def _field(component: Component, variable: Variable, source: str) -> Iterator[tuple[str, str]]:
    given = [each.get("value") if isinstance(each, dict) else each for each in component.get("values", [])]
    options = {value for value in given if isinstance(value, str)}
    for value in given:
        if not isinstance(value, str):
            wrong = f"{variable.name} is a text, and the value of an option is {describe(value)}"
            yield wrong, "Write it as a text, in quotes"
    for value in sorted(options - set(variable.values)):
        yield (
            f"{variable.name} is never “{value}”{like(value, variable.values)}",
            f"Let the option have one of the values {', '.join(variable.values)}, or add it in {source}",
        )
    for value in sorted(set(variable.values) - options) if options else ():
        yield f"it has no option for “{value}”", f"Add the option, or take the code out of {source}"
    types = value_types(component)
    if variable.type not in types:
        wrong = f"{variable.name} is of the type {variable.type}, and this field gives {' or '.join(sorted(types))}"
        yield wrong, f"Choose another field, or change the type in {source}"


def _texts(node: Any) -> Iterator[str]:
    """Expressions in FEEL of a component itself, those within its texts too."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key != "components":
                yield from _texts(value)
    elif isinstance(node, str) and node.startswith("="):
        yield node[1:]
    elif isinstance(node, str):
        yield from INSERT.findall(node)
