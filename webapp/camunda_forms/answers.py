"""All answers of a form: what was typed, what it means, what is wrong, and what has yet to be asked.

Conditions depend on answers, and pages work without JavaScript: a question that an answer calls for is asked on the
next showing of the page (`unseen`). Which questions are visible is settled by repetition: hiding one may hide those
that depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any

from werkzeug.datastructures import MultiDict

from webapp.camunda_forms import fields, rules
from webapp.camunda_forms.options import Option, options_of
from webapp.camunda_forms.problems import Invalid, Problem
from webapp.camunda_forms.schema import INPUTS, KEYED, Component

SHOWN = "shown"
MOST_ROWS = 50


@dataclass
class Node:
    """A component on the page, once for each row that it is in.

    Attributes:
        name: of its input, unique in the form: that of its list and row, then its own.
        indexes: of the rows that it is in.
        context: the values that its expressions may read.
        children: what a group holds.
        rows: what a list holds, row by row.
    """

    component: Component
    name: str
    indexes: tuple[int, ...]
    context: dict[str, Any]
    value: Any = None
    readonly: bool = False
    options: list[Option] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    rows: list[list[Node]] = field(default_factory=list)

    def within(self) -> Iterator[Node]:
        """The node and all that it contains."""
        yield self
        for node in [*self.children, *(node for row in self.rows for node in row)]:
            yield from node.within()

    @property
    def asks(self) -> bool:
        """Whether it takes an answer."""
        return self.component.type in INPUTS and not self.component.disabled and not self.readonly


@dataclass
class Answers:
    """What a form was answered with.

    Attributes:
        posted: as it was typed.
        nodes: what is visible, as a tree.
        values: typed, as they are to be submitted: of visible fields that aren't disabled.
    """

    posted: MultiDict
    nodes: list[Node]
    values: dict[str, Any]

    def within(self) -> Iterator[Node]:
        """All visible nodes."""
        for node in self.nodes:
            yield from node.within()

    @property
    def problems(self) -> dict[str, list[Problem]]:
        """What is wrong, by name of the input."""
        return {node.name: node.problems for node in self.within() if node.problems}

    @property
    def unseen(self) -> set[str]:
        """Names of visible inputs that no page has shown yet."""
        shown = set(self.posted.getlist(SHOWN))
        return {node.name for node in self.within() if node.asks and node.name not in shown}

    @property
    def accepted(self) -> bool:
        return not self.problems and not self.unseen


@dataclass(frozen=True)
class Scope:
    """Where components stand: in the form, or in a row of a list.

    Attributes:
        data: all values of the form, those of hidden fields as the form was begun with them.
        here: the values among which the components' own are.
        initial: the same, as the form was begun with them.
        parent: the context around the list; None in the form itself.
    """

    data: dict[str, Any]
    here: dict[str, Any]
    initial: dict[str, Any]
    prefix: str = ""
    indexes: tuple[int, ...] = ()
    this: dict[str, Any] = field(default_factory=dict)
    parent: dict[str, Any] | None = None

    def context(self) -> dict[str, Any]:
        """The values that expressions may read here, named as form-js names them."""
        special = {"this": self.this, "parent": self.parent, "i": [index + 1 for index in self.indexes]}
        return special | self.data | {f"_{name}_": value for name, value in special.items()}

    def group(self, component: Component) -> Scope:
        """Within a group: nothing changes but where values are kept."""
        if not component.path:
            return self
        here, initial = (_taken(values, component.path) or {} for values in (self.here, self.initial))
        return replace(self, here=here, initial=initial, prefix=f"{self.prefix}{component.name}.")

    def row(self, component: Component, number: int) -> Scope:
        here, initial = (_row(_taken(values, component.path), number) for values in (self.here, self.initial))
        return Scope(
            self.data,
            here,
            initial,
            prefix=f"{self.prefix}{component.name}-{number}-",
            indexes=(*self.indexes, number),
            this={**initial, **here},
            parent=self.context(),
        )


class Reader:
    """Reads what was posted for these components.

    Args:
        data: the values that are known already, which the form begins with.
        zone: in which the person who fills in the form reads a clock.
    """

    def __init__(self, components: tuple[Component, ...], posted: MultiDict, data: dict[str, Any], zone: tzinfo):
        self._components = components
        self._posted = posted
        self._zone = zone
        self._initial = initial(components, data)

    def read(self) -> Answers:
        values = self._values_of_all()
        for _ in range(2 + sum(1 for component in self._components for _ in component.within())):
            data = {**self._initial, **values}
            nodes = self._nodes(self._components, Scope(data, values, self._initial, this=data))
            settled = collected(nodes)
            if settled == values:
                break
            values = settled
        for node in self._within(nodes):
            if node.asks or node.readonly:
                node.problems = node.problems or rules.broken(node.component, node.value, node.context)
        return Answers(self._posted, nodes, collected(nodes, submitted=True))

    def _values_of_all(self) -> dict[str, Any]:
        """The values, as if everything were visible."""
        visible_or_not = Scope(self._initial, self._initial, self._initial, this=self._initial)
        return collected(self._nodes(self._components, visible_or_not, everything=True))

    def _within(self, nodes: list[Node]) -> Iterator[Node]:
        for node in nodes:
            yield from node.within()

    def _nodes(self, components: tuple[Component, ...], scope: Scope, everything: bool = False) -> list[Node]:
        context = scope.context()
        return [
            self._node(component, scope, context, everything)
            for component in components
            if everything or not component.is_hidden(context)
        ]

    def _node(self, component: Component, scope: Scope, context: dict[str, Any], everything: bool) -> Node:
        node = Node(component, scope.prefix + component.name, scope.indexes, context)
        if component.repeats:
            count = self._row_count(component, node.name, scope)
            node.rows = [
                self._nodes(component.children, scope.row(component, number), everything) for number in range(count)
            ]
        elif component.children:
            node.children = self._nodes(component.children, scope.group(component), everything)
        elif component.type == "expression":
            node.value = component.expression.evaluate(context) if component.expression else None
        elif component.type in INPUTS:
            self._take(node, scope)
        return node

    def _take(self, node: Node, scope: Scope) -> None:
        """Give the node its value: what was typed, or what it began with where nobody may type."""
        component = node.component
        node.options = options_of(component, self._initial, node.context)
        node.readonly = component.is_readonly(node.context)
        if not node.asks:
            node.value = fields.begun(component, _taken(scope.initial, component.path), node.options)
            return
        try:
            node.value = fields.typed(component, self._posted, node.name, node.options, self._zone)
        except Invalid as error:
            node.value = None
            node.problems = [error.problem]

    def _row_count(self, component: Component, name: str, scope: Scope) -> int:
        if component.more.get("allowAddRemove", True) and f"{name}-rows" in self._posted:
            return row_count(self._posted, name)
        begun = _taken(scope.initial, component.path)
        return len(begun) if isinstance(begun, list) else 1


def row_count(posted: MultiDict, name: str) -> int:
    """How many rows the page had for the list of this name: one, where it says nothing sensible."""
    count = posted.get(f"{name}-rows", "")
    is_number = count.isascii() and count.isdigit() and len(count) < 5
    return min(int(count), MOST_ROWS) if is_number else 1


def initial(components: tuple[Component, ...], data: dict[str, Any]) -> dict[str, Any]:
    """The values that a form begins with: what is known, the default, or nothing, for each field."""
    values = deepcopy(data)
    _begin(components, values, data)
    return values


def _begin(components: tuple[Component, ...], values: dict[str, Any], data: dict[str, Any]) -> None:
    for component in components:
        if component.repeats:
            known = _taken(values, component.path)
            if not isinstance(known, list):
                known = [{} for _ in range(component.more.get("defaultRepetitions", 1))]
            rows = [row if isinstance(row, dict) else {} for row in known][:MOST_ROWS]
            for row in rows:
                _begin(component.children, row, data)
            _put(values, component.path, rows)
        elif component.children and component.path:
            inner = _taken(values, component.path)
            inner = inner if isinstance(inner, dict) else {}
            _begin(component.children, inner, data)
            _put(values, component.path, inner)
        elif component.children:
            _begin(component.children, values, data)
        elif component.type in KEYED:
            options = options_of(component, data, data)
            _put(values, component.path, fields.begun(component, _taken(values, component.path), options))


def as_posted(components: tuple[Component, ...], values: dict[str, Any], zone: tzinfo, prefix: str = "") -> MultiDict:
    """Values as a browser would post them."""
    posted = MultiDict()
    for component in components:
        name, value = prefix + component.name, _taken(values, component.path) if component.path else values
        if component.repeats:
            posted[f"{name}-rows"] = str(len(value))
            for row, row_values in enumerate(value):
                posted.update(as_posted(component.children, row_values, zone, f"{name}-{row}-"))
        elif component.children:
            posted.update(as_posted(component.children, value, zone, f"{name}." if component.path else prefix))
        elif component.type in INPUTS:
            posted.update(fields.as_posted(component, value, name, zone))
    return posted


def collected(nodes: list[Node], submitted: bool = False) -> dict[str, Any]:
    """The values of these nodes, each where its component keeps it.

    Args:
        submitted: as they are submitted: without disabled fields, and without lists that hold nothing.
    """
    values: dict[str, Any] = {}
    for node in nodes:
        component = node.component
        if component.repeats:
            rows = [collected(row, submitted) for row in node.rows]
            if any(rows) or not submitted:
                _put(values, component.path, rows)
        elif node.children:
            inner = collected(node.children, submitted)
            _merge(values, _nested(component.path, inner) if inner else {})
        elif component.type in KEYED and not (submitted and component.disabled):
            _merge(values, _nested(component.path, node.value))
    return values


def _taken(values: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        values = values.get(step) if isinstance(values, dict) else None
    return values


def _row(rows: Any, number: int) -> dict[str, Any]:
    return rows[number] if isinstance(rows, list) and number < len(rows) and isinstance(rows[number], dict) else {}


def _nested(path: tuple[str, ...], value: Any) -> Any:
    for step in reversed(path):
        value = {step: value}
    return value


def _put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for step in path[:-1]:
        inner = values.get(step)
        values[step] = values = inner if isinstance(inner, dict) else {}
    values[path[-1]] = value


def _merge(values: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            _merge(values[key], value)
        else:
            values[key] = value
