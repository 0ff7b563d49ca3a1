"""Linter for forms: Tasklist and camunda7.forms can show them, and their fields match declared variables."""

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
from camunda7.lint.declared import declaration_hint
from camunda7.lint.finding import Finding, did_you_mean
from camunda7.variables import Catalogue, Variable

COMPARISON = re.compile(r'(\w+)\s*!?=\s*"([^"]*)"')
PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}")
Component = dict[str, Any]


def findings(file: str, form: dict[str, Any], variables: Catalogue) -> Iterator[Finding]:
    """Lint a form."""
    try:
        read = Form.parse(form)
    except UnsupportedForm as error:
        # the message names the form and the component
        yield Finding(file, "", "", str(error), error.todo or "Use what both can show (docs/reference/forms.md)")
        return
    stem = PurePath(file).stem
    if form["id"] != stem:
        yield Finding(file, "", form["id"], f"its id is {form['id']}", f"Change it to {stem}, the name of the file")
    yield from _check_patterns(file, read)
    everything = list(walk(form["components"]))
    names = {id(each): name for name, each in fields(form["components"])}
    known = {*variables, *(each.get("key") or each.get("path") or "" for each in everything)}
    for component in everything:
        name = names.get(id(component))
        if name and name not in variables:
            yield _create_finding(
                file,
                component,
                f"there is no variable {name}{did_you_mean(name, variables)}",
                declaration_hint(variables),
            )
        elif name:
            problems = _check_field(component, variables[name], variables.source)
            yield from (_create_finding(file, component, *problem) for problem in problems)
        yield from (
            _create_finding(file, component, *problem) for problem in _check_expressions(component, known, variables)
        )


def _create_finding(file: str, component: Component, wrong: str, todo: str) -> Finding:
    # an id may be null, which is a missing one for form-js
    return Finding(file, get_label(component), component.get("id") or "", wrong, todo)


def _check_patterns(file: str, form: Form) -> Iterator[Finding]:
    for component in (each for part in form.components for each in part.walk()):
        pattern = component.rules.get("pattern")
        if pattern and _is_slow(pattern):
            wrong = f"for some answers its pattern {pattern.source} takes too long to be checked"
            todo = "Write no repetition within a repetition of the same characters, like (a+)+"
            yield Finding(file, component.label.text, component.id, wrong, todo)


@cache
def _is_slow(pattern: Pattern) -> bool:
    # cached: tries thousands of texts
    return pattern.find_slow_text() is not None


def get_label(component: Component) -> str:
    """Return a component's label, or else its text, or else its type."""
    return str(component.get("label") or component.get("text") or component.get("type", "")).strip("# \n")[:60]


def walk(components: Any) -> Iterator[Component]:
    """Yield components and their descendants; ignores values that aren't components."""
    for component in components if isinstance(components, list) else []:
        if isinstance(component, dict):
            yield component
            yield from walk(component.get("components"))


def fields(components: list[Component]) -> Iterator[tuple[str, Component]]:
    """Yield the components that submit a variable, with its name; a dynamic list as a whole."""
    for component in components:
        if component["type"] == "dynamiclist":
            yield component["path"], component
        elif component["type"] in KEYED:
            yield component["key"], component
        else:
            yield from fields(component.get("components", []))


def _check_expressions(component: Component, known: set[str], variables: Catalogue) -> Iterator[tuple[str, str]]:
    """Check the expressions of a component."""
    for text in dict.fromkeys(_texts(component)):
        yield from _check_comparisons(text, variables)
        for missing in sorted(unary_tests.names(text) - known):
            yield (
                f"“{text}” reads {missing}, which no field or variable provides"
                f"{did_you_mean(missing, filter(None, known))}",
                declaration_hint(variables),
            )


def _check_comparisons(text: str, variables: Catalogue) -> Iterator[tuple[str, str]]:
    for name, value in COMPARISON.findall(text):
        codes = variables[name].values if name in variables else ()
        if codes and value not in codes:
            yield f"{name} has no code “{value}”{did_you_mean(value, codes)}", f"Write one of {', '.join(codes)}"


def _check_field(component: Component, variable: Variable, source: str) -> Iterator[tuple[str, str]]:
    values = [each.get("value") if isinstance(each, dict) else each for each in component.get("values", [])]
    options = {value for value in values if isinstance(value, str)}
    for value in values:
        if not isinstance(value, str):
            wrong = f"{variable.name} is a text, and the value of an option is {describe(value)}"
            yield wrong, "Write it as a text, in quotes"
    for value in sorted(options - set(variable.values)):
        yield (
            f"{variable.name} has no code “{value}”{did_you_mean(value, variable.values)}",
            f"Give the option one of the values {', '.join(variable.values)}, or add it in {source}",
        )
    for value in sorted(set(variable.values) - options) if options else ():
        yield f"it has no option for “{value}”", f"Add the option, or delete the code in {source}"
    types = value_types(component)
    if variable.type not in types:
        submitted = " or ".join(sorted(types))
        wrong = f"{variable.name} is of the type {variable.type}, and the value of this field is a {submitted}"
        yield wrong, f"Choose another field, or change the type in {source}"


def _texts(node: Any) -> Iterator[str]:
    """Yield the FEEL expressions of a component without its children, also those in texts."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key != "components":
                yield from _texts(value)
    elif isinstance(node, str) and node.startswith("="):
        yield node[1:]
    elif isinstance(node, str):
        yield from PLACEHOLDER.findall(node)
