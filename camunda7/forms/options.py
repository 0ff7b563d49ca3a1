"""Options of a choice: from the schema, the form's data or an expression, as in form-js."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from camunda7.expressions import javascript
from camunda7.expressions.feel import Expression
from camunda7.forms.schema import Component


@dataclass(frozen=True)
class Option:
    value: Any
    label: str

    @property
    def posted(self) -> str:
        """The value as a browser posts it."""
        return self.value if isinstance(self.value, str) else json.dumps(self.value, sort_keys=True)


def options_of(component: Component, initial: dict[str, Any], context: dict[str, Any]) -> list[Option]:
    """Return the options of a choice.

    Args:
        initial: initial values of the form.
        context: values for an expression.
    """
    source = component.options
    found: object = source
    if isinstance(source, str):
        found = initial.get(source)
    elif isinstance(source, Expression):
        found = source.evaluate(context)
    if not isinstance(found, list | tuple):
        return []
    return [option for option in map(_option, found) if option is not None]


def _option(item: Any) -> Option | None:
    """Create an option from a plain value, or from an object with value and label; None for anything else."""
    if _is_plain(item):
        return Option(item, javascript.to_string(item))
    if not isinstance(item, dict):
        return None
    value, label = item.get("value"), item.get("label")
    if isinstance(label, str) and label:
        is_allowed = bool(value) if isinstance(value, dict) else _is_plain(value)
        return Option(value, label) if is_allowed else None
    return Option(value, javascript.to_string(value)) if _is_plain(value) else None


def _is_plain(value: Any) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and value != "")
