"""All answers of a form: what was typed, what it means, what is wrong, and what has yet to be asked.

Names of inputs are the keys; within a dynamic list `path-row-key`. Conditions depend on answers, and pages work
without JavaScript: a question that an answer calls for is asked on the next showing of the page (`unseen`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from webapp.camunda_forms import fields
from webapp.camunda_forms.schema import INPUTS, Component

SHOWN = "shown"
MOST_ROWS = 50


@dataclass
class Answers:
    """What a form was answered with.

    Attributes:
        posted: as it was typed.
        values: typed, by key; only of fields that are visible and not disabled.
        errors: what is wrong, by name of the input.
        visible: names of the inputs that belong on the page.
        unseen: names of visible inputs that the page, as it was posted, hadn't shown yet.
    """

    posted: MultiDict
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    visible: set[str] = field(default_factory=set)
    unseen: set[str] = field(default_factory=set)

    @property
    def accepted(self) -> bool:
        return not self.errors and not self.unseen

    def rows(self, component: Component, prefix: str = "") -> list[str]:
        """Prefixes of the rows of a dynamic list, in the order of the page."""
        path = prefix + component.key
        return [f"{path}-{row}-" for row in range(row_count(self.posted, path))]


def row_count(posted: MultiDict, path: str) -> int:
    """How many rows the page had for the list at this path: one, where it says nothing sensible."""
    count = posted.get(f"{path}-rows", "")
    return min(int(count), MOST_ROWS) if count.isascii() and count.isdigit() else 1


def read(components: tuple[Component, ...], posted: MultiDict, context: dict[str, Any]) -> Answers:
    """Read what was posted into typed values and errors.

    Args:
        context: values that aren't asked here, for conditions to depend on.
    """
    answers = Answers(posted)
    typed = _typed(components, answers, "")
    # hiding a field may hide those that depend on it
    while True:
        visible = set(_visible(components, answers, {**context, **typed}, typed, ""))
        if visible == answers.visible:
            break
        answers.visible = visible
        typed = _without_hidden(typed, visible, "")
    shown = set(posted.getlist(SHOWN))
    answers.unseen = answers.visible - shown if shown else set()
    answers.values = _checked(components, answers, {**context, **typed}, typed, "")
    for name in answers.unseen:
        answers.errors.pop(name, None)
    return answers


def as_posted(components: tuple[Component, ...], values: dict[str, Any], prefix: str = "") -> MultiDict:
    """Typed values as a browser would post them, to begin a form with."""
    posted = MultiDict()
    for component in components:
        if component.type == "group":
            posted.update(as_posted(component.children, values, prefix))
            continue
        value = values.get(component.key)
        if value is None:
            continue
        name = prefix + component.key
        if component.type == "dynamiclist":
            posted[f"{name}-rows"] = str(max(1, len(value)))
            for row, row_values in enumerate(value):
                posted.update(as_posted(component.children, row_values, f"{name}-{row}-"))
        elif component.type in INPUTS:
            posted.update(fields.as_posted(component, value, name))
    return posted


def _typed(components: tuple[Component, ...], answers: Answers, prefix: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for component in components:
        name = prefix + component.key
        if component.type == "group":
            values |= _typed(component.children, answers, prefix)
        elif component.type == "dynamiclist":
            values[component.key] = [
                _typed(component.children, answers, row) for row in answers.rows(component, prefix)
            ]
        elif component.type in INPUTS:
            try:
                values[component.key] = fields.typed(component, answers.posted, name)
            except fields.Invalid as error:
                values[component.key] = None
                answers.errors[name] = str(error)
    return values


def _visible(
    components: tuple[Component, ...], answers: Answers, everything: dict, here: dict, prefix: str
) -> Iterator[str]:
    for component in components:
        if component.is_hidden({**everything, **here}):
            continue
        if component.type == "group":
            yield from _visible(component.children, answers, everything, here, prefix)
        elif component.type == "dynamiclist":
            yield prefix + component.key
            rows = answers.rows(component, prefix)
            for row, values in zip(rows, here.get(component.key) or [{}] * len(rows), strict=True):
                yield from _visible(component.children, answers, everything, values, row)
        elif component.type in INPUTS:
            yield prefix + component.key


def _without_hidden(values: dict[str, Any], visible: set[str], prefix: str) -> dict[str, Any]:
    kept = {}
    for key, value in values.items():
        if prefix + key not in visible:
            continue
        if isinstance(value, list) and value and isinstance(value[0], dict):
            value = [_without_hidden(row, visible, f"{prefix}{key}-{n}-") for n, row in enumerate(value)]
        kept[key] = value
    return kept


def _checked(
    components: tuple[Component, ...], answers: Answers, everything: dict, here: dict, prefix: str
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for component in components:
        name = prefix + component.key
        if component.type == "group" and not component.is_hidden({**everything, **here}):
            values |= _checked(component.children, answers, everything, here, prefix)
        elif name not in answers.visible:
            answers.errors.pop(name, None)
        elif component.type == "dynamiclist":
            rows = zip(answers.rows(component, prefix), here[component.key], strict=True)
            values[component.key] = [
                _checked(component.children, answers, everything, row_values, row) for row, row_values in rows
            ]
        elif not component.disabled:
            values[component.key] = here[component.key]
            _check(component, here[component.key], name, answers)
    return values


def _check(component: Component, value: Any, name: str, answers: Answers) -> None:
    if name in answers.errors:
        return
    try:
        fields.check(component, value)
    except fields.Invalid as error:
        answers.errors[name] = str(error)
