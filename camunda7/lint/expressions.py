"""Linter for expressions: they can be parsed, and their variables, codes, policy values and groups are declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from camunda7.expressions import unary_tests
from camunda7.expressions.juel import ExpressionError, Node, is_expression, parse
from camunda7.lint.declared import Declared, declaration_hint
from camunda7.lint.diagram import CAMUNDA, Diagram
from camunda7.lint.finding import Finding, did_you_mean
from camunda7.variables import Variable

# objects and functions that the engine provides
OBJECTS = {"execution", "task", "policy", "decisionResult", "calendar", "facts"}
FUNCTIONS = {"now", "dateTime", "currentUser", "currentUserGroups"}
VARIABLE_METHODS = {
    "setVariable", "setVariableLocal", "getVariable", "getVariableLocal", "hasVariable", "hasVariableLocal",
    "removeVariable", "removeVariableLocal",
}  # fmt: skip
GROUP_METHODS = {"addCandidateGroup", "deleteCandidateGroup"}
EQUALITY_OPERATORS = {"==", "!=", "eq", "ne"}
# problem, and remedy
Problem = tuple[str, str]


def findings(diagram: Diagram, declared: Declared) -> Iterator[Finding]:
    """Lint a diagram's expressions, and the variables that it names outside of expressions."""
    for node in diagram.root.iter():
        for wrong, todo in sorted(set(_problems(node, declared))):
            element = diagram.owner(node)
            of_file = Finding(diagram.file, "", node.get("id", ""), wrong, todo)
            yield diagram.finding(element, wrong, todo) if element else of_file


def _problems(node: ElementTree.Element, declared: Declared) -> Iterator[Problem]:
    for text in (node.text or "", *node.attrib.values()):
        if is_expression(text) and node.tag != CAMUNDA + "script":
            yield from _check_expression(text.strip(), declared)
    yield from _check_variables(_named_variables(node), declared)
    if node.tag == CAMUNDA + "inputParameter" and node.get("name") in declared.variables and not len(node):
        text = (node.text or "").strip()
        yield from [] if is_expression(text) else _check_code(declared.variables[node.get("name", "")], text, declared)
    for group in node.get(CAMUNDA + "candidateGroups", "").split(","):
        if group.strip() and not is_expression(group):
            yield from _check_group(group.strip(), declared)


def _named_variables(node: ElementTree.Element) -> Iterator[str]:
    """Yield the variables that a node names outside of expressions."""
    match node.tag.removeprefix(CAMUNDA):
        case "inputParameter" | "outputParameter":
            yield node.get("name", "")
        case "in" | "out":
            yield from (name for name in (node.get("source"), node.get("target")) if name)
        case "script":
            yield from unary_tests.names(node.text or "")
    yield from (name for key in ("resultVariable", "elementVariable") if (name := node.get(CAMUNDA + key)))


def _check_expression(text: str, declared: Declared) -> Iterator[Problem]:
    try:
        parts = [each for expression in parse(text) for each in expression.walk()]
    except ExpressionError as error:
        yield f"the expression “{text}” can't be read: {error}", "Correct the expression"
        return
    yield from _check_variables((each.value for each in parts if each.kind == "name"), declared)
    for each in parts:
        if each.kind == "call" and each.value not in FUNCTIONS:
            yield f"there is no function {each.value}(){did_you_mean(each.value, FUNCTIONS)}", "Correct the name"
        elif each.kind == "method":
            yield from _check_method(each, declared)
        elif each.kind == "operation" and each.value in EQUALITY_OPERATORS:
            left, right = each.parts
            yield from _check_comparison(left, right, declared)


def _check_variables(names: Iterable[str], declared: Declared) -> Iterator[Problem]:
    # once each: the search for similar names is slow
    for name in dict.fromkeys(names):
        if name not in declared.variables and name not in OBJECTS:
            yield (
                f"there is no variable {name}{did_you_mean(name, declared.variables)}",
                declaration_hint(declared.variables),
            )


def _check_method(call: Node, declared: Declared) -> Iterator[Problem]:
    of, *arguments = call.parts
    argument = arguments[0].value if arguments and arguments[0].kind == "text" else None
    if argument is None:
        return
    if call.value in VARIABLE_METHODS:
        yield from _check_variables([argument], declared)
        variable = declared.variables.get(argument)
        if variable and len(arguments) > 1:
            for value in _literal_texts(arguments[1]):
                yield from _check_code(variable, value, declared)
    elif call.value in GROUP_METHODS:
        yield from _check_group(argument, declared)
    elif call.value == "prop" and of == Node("name", "policy") and argument not in declared.policy:
        yield (
            f"the policy has no {argument}{did_you_mean(argument, declared.policy)}",
            "Correct the name, or add it to the settings",
        )


def _literal_texts(node: Node) -> Iterator[str]:
    """Yield the literal texts that a value may have."""
    if node.kind == "choice":
        for part in node.parts[1:]:
            yield from _literal_texts(part)
    elif node.kind == "text":
        yield node.value


def _check_comparison(left: Node, right: Node, declared: Declared) -> Iterator[Problem]:
    for name, text in ((left, right), (right, left)):
        variable = declared.variables.get(name.value) if name.kind == "name" else None
        if variable and text.kind == "text":
            yield from _check_code(variable, text.value, declared)


def _check_code(variable: Variable, text: str, declared: Declared) -> Iterator[Problem]:
    if variable.type in ("Boolean", "Integer", "Double"):
        what = "true or false" if variable.type == "Boolean" else "a number"
        yield f"{variable.name} is {what}, not “{text}”", "Use a value of its type"
    elif variable.values and text not in variable.values:
        yield (
            f"{variable.name} has no code “{text}”{did_you_mean(text, variable.values)}",
            f"Write one of {', '.join(variable.values)}, or add the code in {declared.variables.source}",
        )


def _check_group(name: str, declared: Declared) -> Iterator[Problem]:
    if name not in declared.groups:
        yield (
            f"there is no group {name}{did_you_mean(name, declared.groups)}",
            "Correct the name, or add it to the people file",
        )
