"""Whether expressions can be read, and name variables, codes, figures of the policy and groups that there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from camunda7.expressions import unary_tests
from camunda7.expressions.juel import ExpressionError, Node, is_expression, parse
from camunda7.lint.declared import Declared, declare
from camunda7.lint.diagram import CAMUNDA, Diagram
from camunda7.lint.finding import Finding, like
from camunda7.variables import Variable

# what the engine itself has in an expression
OBJECTS = {"execution", "task", "policy", "decisionResult", "calendar"}
FUNCTIONS = {"now", "dateTime", "currentUser", "currentUserGroups"}
OF_VARIABLES = {
    "setVariable", "setVariableLocal", "getVariable", "getVariableLocal", "hasVariable", "hasVariableLocal",
    "removeVariable", "removeVariableLocal",
}  # fmt: skip
OF_GROUPS = {"addCandidateGroup", "deleteCandidateGroup"}
EQUAL = {"==", "!=", "eq", "ne"}
# what is wrong, and what to do
Problem = tuple[str, str]


def findings(diagram: Diagram, declared: Declared) -> Iterator[Finding]:
    """All that is wrong with a diagram's expressions, and with the variables that it names elsewhere."""
    for node in diagram.root.iter():
        for wrong, todo in sorted(set(_problems(node, declared))):
            element = diagram.owner(node)
            of_file = Finding(diagram.file, "", node.get("id", ""), wrong, todo)
            yield diagram.finding(element, wrong, todo) if element else of_file


def _problems(node: ElementTree.Element, declared: Declared) -> Iterator[Problem]:
    for text in (node.text or "", *node.attrib.values()):
        if is_expression(text) and node.tag != CAMUNDA + "script":
            yield from _of_expression(text.strip(), declared)
    yield from _undeclared(_named(node), declared)
    if node.tag == CAMUNDA + "inputParameter" and node.get("name") in declared.variables and not len(node):
        text = (node.text or "").strip()
        yield from [] if is_expression(text) else _code(declared.variables[node.get("name", "")], text, declared)
    for group in node.get(CAMUNDA + "candidateGroups", "").split(","):
        if group.strip() and not is_expression(group):
            yield from _group(group.strip(), declared)


def _named(node: ElementTree.Element) -> Iterator[str]:
    """Variables that a node names without an expression."""
    match node.tag.removeprefix(CAMUNDA):
        case "inputParameter" | "outputParameter":
            yield node.get("name", "")
        case "in" | "out":
            yield from (name for name in (node.get("source"), node.get("target")) if name)
        case "script":
            yield from unary_tests.names(node.text or "")
    yield from (name for key in ("resultVariable", "elementVariable") if (name := node.get(CAMUNDA + key)))


def _of_expression(text: str, declared: Declared) -> Iterator[Problem]:
    try:
        parts = [each for expression in parse(text) for each in expression.walk()]
    except ExpressionError as error:
        yield f"the expression “{text}” can't be read: {error}", "Correct the expression"
        return
    yield from _undeclared((each.value for each in parts if each.kind == "name"), declared)
    for each in parts:
        if each.kind == "call" and each.value not in FUNCTIONS:
            yield f"there is no function {each.value}(){like(each.value, FUNCTIONS)}", "Correct the name"
        elif each.kind == "method":
            yield from _method(each, declared)
        elif each.kind == "operation" and each.value in EQUAL:
            left, right = each.parts
            yield from _compared(left, right, declared)


def _undeclared(names: Iterable[str], declared: Declared) -> Iterator[Problem]:
    # once each: the search for similar names is slow
    for name in dict.fromkeys(names):
        if name not in declared.variables and name not in OBJECTS:
            yield f"there is no variable {name}{like(name, declared.variables)}", declare(declared.variables)


def _method(call: Node, declared: Declared) -> Iterator[Problem]:
    of, *arguments = call.parts
    said = arguments[0].value if arguments and arguments[0].kind == "text" else None
    if said is None:
        return
    if call.value in OF_VARIABLES:
        yield from _undeclared([said], declared)
        variable = declared.variables.get(said)
        if variable and len(arguments) > 1:
            for value in _texts(arguments[1]):
                yield from _code(variable, value, declared)
    elif call.value in OF_GROUPS:
        yield from _group(said, declared)
    elif call.value == "prop" and of == Node("name", "policy") and said not in declared.policy:
        yield f"the policy has no {said}{like(said, declared.policy)}", "Correct the name, or add it to the settings"


def _texts(node: Node) -> Iterator[str]:
    """What a value may be, as far as it is written out."""
    if node.kind == "choice":
        for part in node.parts[1:]:
            yield from _texts(part)
    elif node.kind == "text":
        yield node.value


def _compared(left: Node, right: Node, declared: Declared) -> Iterator[Problem]:
    for name, text in ((left, right), (right, left)):
        variable = declared.variables.get(name.value) if name.kind == "name" else None
        if variable and text.kind == "text":
            yield from _code(variable, text.value, declared)


def _code(variable: Variable, text: str, declared: Declared) -> Iterator[Problem]:
    if variable.type in ("Boolean", "Integer", "Double"):
        what = "true or false" if variable.type == "Boolean" else "a number"
        yield f"{variable.name} is {what}, and never “{text}”", "Compare it with what it can be"
    elif variable.values and text not in variable.values:
        yield (
            f"{variable.name} is never “{text}”{like(text, variable.values)}",
            f"Write one of {', '.join(variable.values)}, or add the code in {declared.variables.source}",
        )


def _group(name: str, declared: Declared) -> Iterator[Problem]:
    if name not in declared.groups:
        yield f"there is no group {name}{like(name, declared.groups)}", "Correct the name, or add it to the people file"
