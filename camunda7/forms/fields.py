"""Conversion of a field's value: from posted text, from initial data, and to posted text."""

from __future__ import annotations

import math
import re
from datetime import tzinfo
from typing import Any

from werkzeug.datastructures import MultiDict

from camunda7.expressions import javascript
from camunda7.forms import moments
from camunda7.forms.options import Option
from camunda7.forms.problems import Invalid
from camunda7.forms.schema import MULTIPLE_CHOICE, Component
from camunda7.inputs.cleaning import clean_code, clean_line, clean_text
from camunda7.inputs.emails import clean_email
from camunda7.inputs.place import Place
from camunda7.inputs.telephones import parse_telephone

_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)", re.ASCII)
_MAX_DIGITS = 300


def empty(component: Component) -> Any:
    """Return the value of an empty field."""
    if component.type in ("textfield", "textarea"):
        return ""
    if component.type == "checkbox":
        return False
    return [] if component.type in MULTIPLE_CHOICE else None


def parse_posted(
    component: Component, posted: MultiDict[str, str], name: str, options: list[Option], place: Place
) -> Any:
    """Convert a field's posted texts to its value.

    Args:
        name: name of the input.
        options: options of a choice.
        place: time zone and telephone region of the user.

    Raises:
        Invalid: they aren't a value of the component's type.
    """
    if component.type == "datetime":
        return moments.parse_posted(component, posted, name, place.zone)
    if component.type == "checkbox":
        return posted.get(name) == "true"
    if component.type in MULTIPLE_CHOICE:
        return _parse_choices(component, posted.getlist(name), options)
    text = posted.get(name, "")
    if "\x00" in text:
        raise Invalid("character")
    if component.type == "number":
        return _parse_number(component, clean_code(text))
    if component.type in ("radio", "select"):
        text = javascript.trim(text)
        return next(iter(_parse_choices(component, [text] if text else [], options)), None)
    return clean_text(text) if component.type == "textarea" else _parse_line(component, text, place.telephone_region)


def initial_value(component: Component, value: Any, options: list[Option]) -> Any:
    """Return a field's initial value from the form's data; as form-js, ignores data of another type."""
    if value is None:
        default = component.more.get("defaultValue")
        return empty(component) if default is None else default
    match component.type:
        case "textfield" | "textarea" if isinstance(value, list | dict):
            return ""
        case "textfield":
            return _to_one_line(javascript.to_string(value))
        case "textarea":
            return javascript.to_string(value)
        case "number":
            return _to_number(component, value)
        case "checkbox":
            return value is True
        case "datetime":
            return value if moments.is_serialized(component, value) else None
        case "radio" | "select":
            return value if value in [option.value for option in options] else None
        case "checklist" | "taglist":
            known = [option.value for option in options]
            return [each for each in value if each in known] if isinstance(value, list) else []
    return value


def as_posted(component: Component, value: Any, name: str, zone: tzinfo) -> dict[str, Any]:
    """Convert a value to the fields that a browser would post, by name of the input; empty for an empty value."""
    if value is None or value is False or value == "" or value == []:
        return {}
    if component.type == "datetime":
        return moments.as_posted(component, value, name, zone)
    if component.type == "checkbox":
        return {name: "true"}
    if component.type in MULTIPLE_CHOICE:
        return {name: [Option(each, "").posted for each in value]}
    return {name: Option(value, "").posted if component.type in ("radio", "select") else javascript.to_string(value)}


def _parse_line(component: Component, text: str, telephone_region: str | None) -> str:
    """Clean the text of a text field; one with a pattern or validation type contains a code, such as a barcode."""
    if component.is_telephone:
        return _parse_telephone(text, telephone_region)
    if component.rules.get("validationType") == "email":
        return clean_email(text)
    is_code = component.rules.get("pattern") or component.rules.get("validationType")
    return clean_code(text) if is_code else clean_line(text)


def _parse_telephone(text: str, region: str | None) -> str:
    number = parse_telephone(text, region)
    if number is None and clean_code(text):
        raise Invalid("phone")
    return number or ""


def _to_one_line(text: str) -> str:
    return re.sub(r"[\r\n\t]", " ", text)


def _to_number(component: Component, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or value == "":
        return None
    number = javascript.to_number(value)
    if math.isnan(number):
        return None
    if component.more.get("serializeToString"):
        return javascript.to_string(value)
    return value if not isinstance(value, str) else _to_int_if_exact(number)


def _parse_number(component: Component, text: str) -> int | float | str | None:
    text = text.replace(",", ".")
    if not text:
        return None
    if not _NUMBER.fullmatch(text) or len(text) > _MAX_DIGITS:
        raise Invalid("number")
    return text if component.more.get("serializeToString") else _to_int_if_exact(float(text))


def _to_int_if_exact(number: float) -> int | float:
    """Return an int for a float that is a whole number in the range that floats represent exactly."""
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _parse_choices(component: Component, posted: list[str], options: list[Option]) -> list[Any]:
    """Return the values of the posted options, in the order of the options.

    Options may depend on other answers. A posted value that isn't among them was chosen before these answers changed:
    it is dropped. If the options are fixed, it is invalid.

    Raises:
        Invalid: a value isn't among fixed options.
    """
    chosen = [option.value for option in options if option.posted in posted]
    is_fixed = isinstance(component.options, tuple)
    if is_fixed and not set(posted) <= {option.posted for option in options}:
        raise Invalid("option")
    return chosen
