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
from camunda7.forms.schema import SEVERAL, Component
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
    return [] if component.type in SEVERAL else None


def typed(component: Component, posted: MultiDict[str, str], name: str, options: list[Option], place: Place) -> Any:
    """The value that was typed into the field of this name.

    Args:
        options: of a choice.
        place: where the person who fills in the form is.

    Raises:
        Invalid: it can't be read as a value of the component's type.
    """
    if component.type == "datetime":
        return moments.typed(component, posted, name, place.zone)
    if component.type == "checkbox":
        return posted.get(name) == "true"
    if component.type in SEVERAL:
        return _chosen(component, posted.getlist(name), options)
    text = posted.get(name, "")
    if "\x00" in text:
        raise Invalid("character")
    if component.type == "number":
        return _number(component, clean_code(text))
    if component.type in ("radio", "select"):
        text = javascript.trimmed(text)
        return next(iter(_chosen(component, [text] if text else [], options)), None)
    return clean_text(text) if component.type == "textarea" else _line(component, text, place.telephone_region)


def initial_value(component: Component, value: Any, options: list[Option]) -> Any:
    """Return a field's initial value from the form's data; as form-js, ignores data of another type."""
    if value is None:
        default = component.more.get("defaultValue")
        return empty(component) if default is None else default
    match component.type:
        case "textfield" | "textarea" if isinstance(value, list | dict):
            return ""
        case "textfield":
            return _one_line(javascript.text_of(value))
        case "textarea":
            return javascript.text_of(value)
        case "number":
            return _as_number(component, value)
        case "checkbox":
            return value is True
        case "datetime":
            return value if moments.is_written(component, value) else None
        case "radio" | "select":
            return value if value in [option.value for option in options] else None
        case "checklist" | "taglist":
            known = [option.value for option in options]
            return [each for each in value if each in known] if isinstance(value, list) else []
    return value


def as_posted(component: Component, value: Any, name: str, zone: tzinfo) -> dict[str, Any]:
    """A value as a browser would post it, by name of the input."""
    if value is None or value is False or value == "" or value == []:
        return {}
    if component.type == "datetime":
        return moments.as_posted(component, value, name, zone)
    if component.type == "checkbox":
        return {name: "true"}
    if component.type in SEVERAL:
        return {name: [Option(each, "").posted for each in value]}
    return {name: Option(value, "").posted if component.type in ("radio", "select") else javascript.text_of(value)}


def _line(component: Component, text: str, telephone_region: str | None) -> str:
    """What was typed into a text field; one with a format is a code: a number, an address, a barcode."""
    if component.is_telephone:
        return _telephone(text, telephone_region)
    if component.rules.get("validationType") == "email":
        return clean_email(text)
    is_code = component.rules.get("pattern") or component.rules.get("validationType")
    return clean_code(text) if is_code else clean_line(text)


def _telephone(text: str, region: str | None) -> str:
    number = parse_telephone(text, region)
    if number is None and clean_code(text):
        raise Invalid("phone")
    return number or ""


def _one_line(text: str) -> str:
    return re.sub(r"[\r\n\t]", " ", text)


def _as_number(component: Component, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or value == "":
        return None
    number = javascript.number(value)
    if math.isnan(number):
        return None
    if component.more.get("serializeToString"):
        return javascript.text_of(value)
    return value if not isinstance(value, str) else _whole(number)


def _number(component: Component, text: str) -> int | float | str | None:
    text = text.replace(",", ".")
    if not text:
        return None
    if not _NUMBER.fullmatch(text) or len(text) > _MAX_DIGITS:
        raise Invalid("number")
    return text if component.more.get("serializeToString") else _whole(float(text))


def _whole(number: float) -> int | float:
    """An integer as one, so far as a float knows it exactly."""
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _chosen(component: Component, posted: list[str], options: list[Option]) -> list[Any]:
    """The values of the options that were chosen, in the order of the options.

    What isn't among options that depend on other answers was chosen before these changed: it is dropped.
    """
    chosen = [option.value for option in options if option.posted in posted]
    is_fixed = isinstance(component.options, tuple)
    if is_fixed and not set(posted) <= {option.posted for option in options}:
        raise Invalid("option")
    return chosen
