"""Answers of a form: posted texts, values, validation errors, and inputs that no page has shown yet.

Conditions depend on answers, and pages work without JavaScript: an input that an answer makes visible is shown when the
page is rendered the next time (`unseen`). Visibility is computed by iteration to a fixed point, because hiding an input
may hide those that depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from camunda7.forms import fields, rules
from camunda7.forms.initial_values import initial
from camunda7.forms.nested import get_value, merge, nested, set_value
from camunda7.forms.options import Option, options_of
from camunda7.forms.posting import SHOWN, row_count
from camunda7.forms.problems import TOO_SLOW, Invalid, Problem
from camunda7.forms.schema import INPUTS, KEYED, Component
from camunda7.forms.triggers import Trigger, find_trigger
from camunda7.inputs.place import Place


@dataclass
class Node:
    """A visible component; one in a list has a node for each row.

    Attributes:
        name: name of the input, unique in the form; within a list it begins with the list's name and the row's index.
        indexes: indexes of the rows that contain it, from 0, the outermost first.
        context: values for the component's expressions, by name.
        readonly: the component's property readonly, evaluated.
        options: options of a choice.
        problems: validation errors.
        stops: whether the form ends with this answer, without being sent.
        children: nodes of a group.
        rows: nodes of a list, by row.
        trigger: options of a question before it that make it visible; None if it depends on anything else.
        concealed: hidden nodes with a trigger that follow it. They have no part in values and validation.
    """

    component: Component
    name: str
    indexes: tuple[int, ...]
    context: dict[str, Any]
    value: Any = None
    readonly: bool = False
    options: list[Option] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    stops: bool = False
    children: list[Node] = field(default_factory=list)
    rows: list[list[Node]] = field(default_factory=list)
    trigger: Trigger | None = None
    concealed: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """Yield the node and its descendants."""
        yield self
        for node in [*self.children, *(node for row in self.rows for node in row)]:
            yield from node.walk()

    @property
    def has_none_of_these(self) -> bool:
        """Whether the node is a group with a box "None of these", which has the group's name."""
        return self.component.has_none_of_these and bool(self.boxes)

    @property
    def boxes(self) -> list[Node]:
        """The checkboxes of a group that can be edited."""
        return [node for node in self.children if node.component.type == "checkbox" and node.is_editable]

    @property
    def is_editable(self) -> bool:
        """Whether the node has an input that can be edited."""
        return self.component.type in INPUTS and not self.component.disabled and not self.readonly


@dataclass
class Answers:
    """Answers of a form.

    Attributes:
        posted: posted texts, by name of the input.
        nodes: visible components, as a tree.
        values: values to submit, nested by the components' keys: those of visible fields that aren't disabled.
    """

    posted: MultiDict[str, str]
    nodes: list[Node]
    values: dict[str, Any]

    def walk(self) -> Iterator[Node]:
        """Yield all visible nodes."""
        for node in self.nodes:
            yield from node.walk()

    @property
    def problems(self) -> dict[str, list[Problem]]:
        """Validation errors, by name of the input."""
        return {node.name: node.problems for node in self.walk() if node.problems}

    @property
    def unseen(self) -> set[str]:
        """Names of visible inputs that no page has shown yet."""
        shown = set(self.posted.getlist(SHOWN))
        return {node.name for node in self.walk() if node.is_editable and node.name not in shown}

    @property
    def slow_patterns(self) -> dict[str, str]:
        """Patterns that couldn't be matched in time, by their component's id."""
        problems = [(node.component.id, problem) for node in self.walk() for problem in node.problems]
        return {id_: problem.details[TOO_SLOW] for id_, problem in problems if TOO_SLOW in problem.details}

    @property
    def accepted(self) -> bool:
        """Whether the answers can be submitted: no validation errors, and no unseen inputs."""
        return not self.problems and not self.unseen


@dataclass(frozen=True)
class Scope:
    """Scope of components: the form, a group, or a row of a list.

    Attributes:
        data: all values of the form; of hidden fields the initial ones.
        here: values of the scope.
        initial: initial values of the scope.
        prefix: prefix of the inputs' names.
        indexes: indexes of the rows, from 0, the outermost first.
        this: values of the form, or of the row.
        parent: context of the list; None in the form itself.
    """

    data: dict[str, Any]
    here: dict[str, Any]
    initial: dict[str, Any]
    prefix: str = ""
    indexes: tuple[int, ...] = ()
    this: dict[str, Any] = field(default_factory=dict)
    parent: dict[str, Any] | None = None

    def context(self) -> dict[str, Any]:
        """Return the values that expressions may read in this scope, by form-js's names (`i` counts from 1)."""
        special = {"this": self.this, "parent": self.parent, "i": [index + 1 for index in self.indexes]}
        return special | self.data | {f"_{name}_": value for name, value in special.items()}

    def group(self, component: Component) -> Scope:
        """Return the scope of a group; only a group with a path nests values."""
        if not component.path:
            return self
        here, initial = (get_value(values, component.path) or {} for values in (self.here, self.initial))
        return replace(self, here=here, initial=initial, prefix=f"{self.prefix}{component.name}.")

    def row(self, component: Component, number: int) -> Scope:
        """Return the scope of a list's row."""
        here, initial = (_row_values(get_value(values, component.path), number) for values in (self.here, self.initial))
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
    """Reads a post.

    Args:
        components: of the form.
        posted: posted texts, by name of the input.
        data: initial values.
        place: time zone and telephone region of the user.
    """

    def __init__(
        self, components: tuple[Component, ...], posted: MultiDict[str, str], data: dict[str, Any], place: Place
    ):
        self._components = components
        self._posted = posted
        self._place = place
        self._initial = initial(components, data)

    def read(self) -> Answers:
        values = self._all_values()
        for _ in range(2 + sum(1 for component in self._components for _ in component.walk())):
            data = {**self._initial, **values}
            nodes = self._nodes(self._components, Scope(data, values, self._initial, this=data))
            settled = collect_values(nodes)
            if settled == values:
                break
            values = settled
        for node in self._walk(nodes):
            if node.is_editable or node.readonly:
                node.problems = node.problems or rules.find_violations(
                    node.component, node.value, node.context, self._place
                )
                node.stops = rules.is_stopped(node.component, node.value, node.context, self._place)
            elif node.has_none_of_these:
                is_any = any(box.value for box in node.boxes)
                node.problems = rules.find_box_violations(is_any, is_none=node.name in self._posted)
        return Answers(self._posted, nodes, collect_values(nodes, submitted=True))

    def _all_values(self) -> dict[str, Any]:
        """Return the values of all fields, also of hidden ones."""
        visible_or_not = Scope(self._initial, self._initial, self._initial, this=self._initial)
        return collect_values(self._nodes(self._components, visible_or_not, everything=True))

    def _walk(self, nodes: list[Node]) -> Iterator[Node]:
        for node in nodes:
            yield from node.walk()

    def _nodes(self, components: tuple[Component, ...], scope: Scope, everything: bool = False) -> list[Node]:
        context = scope.context()
        if everything:
            return [self._node(component, scope, context, everything) for component in components]
        nodes: list[Node] = []
        first = 0
        for component in components:
            # a choice on an earlier page is no trigger
            first = len(nodes) if component.page else first
            trigger = find_trigger(component, context, nodes[first:])
            is_hidden = component.is_hidden(context)
            if is_hidden and trigger is None:
                continue
            node = self._node(component, scope, context, everything)
            node.trigger = trigger
            (nodes[-1].concealed if is_hidden else nodes).append(node)
        return nodes

    def _node(self, component: Component, scope: Scope, context: dict[str, Any], everything: bool) -> Node:
        name = component.none_name if component.has_none_of_these else component.name
        node = Node(component, scope.prefix + name, scope.indexes, context)
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
            self._read_value(node, scope)
        return node

    def _read_value(self, node: Node, scope: Scope) -> None:
        """Set the node's value: the posted one, or the initial one of a disabled or read-only field."""
        component = node.component
        node.options = options_of(component, self._initial, node.context)
        node.readonly = component.is_readonly(node.context)
        if not node.is_editable:
            node.value = fields.initial_value(component, get_value(scope.initial, component.path), node.options)
            return
        try:
            node.value = fields.parse_posted(component, self._posted, node.name, node.options, self._place)
        except Invalid as error:
            node.value = None
            node.problems = [error.problem]

    def _row_count(self, component: Component, name: str, scope: Scope) -> int:
        if component.more.get("allowAddRemove", True) and f"{name}-rows" in self._posted:
            return row_count(self._posted, name)
        rows = get_value(scope.initial, component.path)
        return len(rows) if isinstance(rows, list) else 1


def collect_values(nodes: list[Node], submitted: bool = False) -> dict[str, Any]:
    """Return the values of these nodes, nested by their components' paths.

    Args:
        submitted: omit disabled fields and empty lists, as form-js does when it submits.
    """
    values: dict[str, Any] = {}
    for node in nodes:
        component = node.component
        if component.repeats:
            rows = [collect_values(row, submitted) for row in node.rows]
            if any(rows) or not submitted:
                set_value(values, component.path, rows)
        elif node.children:
            inner = collect_values(node.children, submitted)
            merge(values, nested(component.path, inner) if inner else {})
        elif component.type in KEYED and not (submitted and component.disabled):
            merge(values, nested(component.path, node.value))
    return values


def _row_values(rows: Any, number: int) -> dict[str, Any]:
    return rows[number] if isinstance(rows, list) and number < len(rows) and isinstance(rows[number], dict) else {}
