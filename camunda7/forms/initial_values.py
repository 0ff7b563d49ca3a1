"""Initial values of a form: from data, or defaults."""

from __future__ import annotations

from copy import deepcopy
from datetime import tzinfo
from typing import Any

from werkzeug.datastructures import MultiDict

from camunda7.forms import fields
from camunda7.forms.nested import get_value, set_value
from camunda7.forms.options import options_of
from camunda7.forms.posting import MAX_ROWS
from camunda7.forms.schema import INPUTS, KEYED, Component


def initial(components: tuple[Component, ...], data: dict[str, Any]) -> dict[str, Any]:
    """Return the initial value of each field, nested by the components' keys: from the data, its default, or empty."""
    values = deepcopy(data)
    _set_initial_values(components, values, data)
    return values


def _set_initial_values(components: tuple[Component, ...], values: dict[str, Any], data: dict[str, Any]) -> None:
    for component in components:
        if component.repeats:
            known = get_value(values, component.path)
            if not isinstance(known, list):
                known = [{} for _ in range(component.more.get("defaultRepetitions", 1))]
            rows = [row if isinstance(row, dict) else {} for row in known][:MAX_ROWS]
            for row in rows:
                _set_initial_values(component.children, row, data)
            set_value(values, component.path, rows)
        elif component.children and component.path:
            inner = get_value(values, component.path)
            inner = inner if isinstance(inner, dict) else {}
            _set_initial_values(component.children, inner, data)
            set_value(values, component.path, inner)
        elif component.children:
            _set_initial_values(component.children, values, data)
        elif component.type in KEYED:
            options = options_of(component, data, data)
            set_value(
                values, component.path, fields.initial_value(component, get_value(values, component.path), options)
            )


def as_posted(
    components: tuple[Component, ...], values: dict[str, Any], zone: tzinfo, prefix: str = ""
) -> MultiDict[str, str]:
    """Convert values to a post, as a browser would send them."""
    posted: MultiDict[str, str] = MultiDict()
    for component in components:
        name, value = prefix + component.name, get_value(values, component.path) if component.path else values
        if component.repeats:
            posted[f"{name}-rows"] = str(len(value))
            for row, row_values in enumerate(value):
                posted.update(as_posted(component.children, row_values, zone, f"{name}-{row}-"))
        elif component.children:
            posted.update(as_posted(component.children, value, zone, f"{name}." if component.path else prefix))
        elif component.type in INPUTS:
            posted.update(fields.as_posted(component, value, name, zone))
    return posted
