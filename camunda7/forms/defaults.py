"""Checks of default values: form-js accepts any, but shows or submits another value if it doesn't fit."""

from __future__ import annotations

import re
from typing import Any

from camunda7.forms import moments
from camunda7.forms.fields import empty
from camunda7.forms.options import options_of
from camunda7.forms.properties import describe
from camunda7.forms.schema import INPUTS, MULTIPLE_CHOICE, Component, UnsupportedForm

# form-js's format; fromisoformat() accepts others, too
_DATE_OR_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})?T?(\d{2}:\d{2}.*)?", re.ASCII)


def refuse_defaults(form: str, components: tuple[Component, ...]) -> None:
    """Refuse default values of the wrong type.

    Raises:
        UnsupportedForm: there is such a value.
    """
    for component in (each for top in components for each in top.walk()):
        if component.type in INPUTS and "defaultValue" in component.more:
            value = component.more["defaultValue"]
            expected = None if value is None and empty(component) is None else _expected_default(component, value)
            if expected:
                where = f"{form}: component {component.id} ({component.type})"
                raise UnsupportedForm(f"{where}: property defaultValue is {describe(value)} instead of {expected}")


def _expected_default(component: Component, value: Any) -> str | None:
    """Describe the expected default value; returns None if the value fits."""
    match component.type:
        case "textfield" | "textarea":
            return None if isinstance(value, str) else "a text"
        case "number":
            as_text = bool(component.more.get("serializeToString"))
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            return None if is_number and not as_text else "a number" if not as_text else "nothing"
        case "checkbox":
            return None if isinstance(value, bool) else "true or false"
        case "datetime":
            return _expected_date_or_time(component, value)
    chosen = value if component.type in MULTIPLE_CHOICE else [value]
    if not isinstance(chosen, list):
        return "a list of values of its options"
    if not isinstance(component.options, tuple):
        return None if all(isinstance(each, str | int | float) for each in chosen) else "texts, numbers, true or false"
    values = [option.value for option in options_of(component, {}, {})]
    is_known = all(any(type(each) is type(other) and each == other for other in values) for each in chosen)
    return None if is_known else "a value of its options"


def _expected_date_or_time(component: Component, value: Any) -> str | None:
    if isinstance(value, str) and _DATE_OR_TIME.fullmatch(value) and moments.is_serialized(component, value):
        return None
    examples = {"date": "a day like 2020-03-27", "time": "a time like 14:30"}
    return examples.get(component.more.get("subtype", "date"), "a moment like 2020-03-27T14:30")
