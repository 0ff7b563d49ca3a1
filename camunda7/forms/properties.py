"""Properties of each component of form-js 1.8.7, and their types.

Camunda Modeler writes no others. Forms that are edited by hand, or by another tool, may have any: form-js then shows
something else, or fails when it renders the form. This package refuses such a form when it is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CHOICES = ("radio", "select", "checklist", "taglist")
VALIDATION_TYPES = ("", "email", "phone", "custom")
SUBTYPES = ("date", "time", "datetime")
TIME_FORMATS = ("utc_offset", "utc_normalized", "no_timezone")
MAX_ROWS = 50
MAX_DIGITS = 20
_DECIMAL = re.compile(r"\d+(\.\d+)?", re.ASCII)


@dataclass(frozen=True)
class Kind:
    """Type of a property.

    Attributes:
        name: for messages.
        accepts: whether a value is of this type.
        parts: types of an object's properties, by name.
    """

    name: str
    accepts: Callable[[Any], bool]
    parts: Mapping[str, Kind] | None = None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any, most: int) -> bool:
    return _is_number(value) and 0 <= value <= most and value == int(value)


def _is_feel(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("=")


def _is_increment(value: Any) -> bool:
    """Whether a value is a number, or a text with a number, as Camunda Modeler writes it; null or 0 for none."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value or (bool(_DECIMAL.fullmatch(value)) and len(value) <= MAX_DIGITS and float(value) != 0)
    return _is_number(value) and (value == 0 or 10**-MAX_DIGITS <= value <= 10**MAX_DIGITS)


def _are_columns(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, dict) and isinstance(each.get("key"), str) and isinstance(each.get("label", ""), str)
        for each in value
    )


def one_of(*values: str) -> Kind:
    return Kind(f"one of {', '.join(filter(None, values))}", lambda value: isinstance(value, str) and value in values)


def _is_object_or_null(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def object_of(**parts: Kind) -> Kind:
    return Kind("an object", lambda value: isinstance(value, dict), parts)


def optional_object_of(**parts: Kind) -> Kind:
    """An object that may be null in form-js."""
    return Kind("an object", _is_object_or_null, parts)


# these accept null where form-js treats it as missing
TEXT = Kind("a text", lambda value: value is None or isinstance(value, str))
NAME = Kind("a text", lambda value: isinstance(value, str))
FLAG = Kind("true or false", lambda value: value is None or isinstance(value, bool))
NUMBER = Kind("a number", lambda value: value is None or _is_number(value))
FEEL = Kind("an expression that begins with =", lambda value: value in (None, "") or _is_feel(value))
LIMIT = Kind("a number, or an expression that begins with =", lambda value: NUMBER.accepts(value) or _is_feel(value))
FLAG_OR_FEEL = Kind("true, false, or an expression", lambda value: FLAG.accepts(value) or _is_feel(value))
DIGITS = Kind(f"a whole number from 0 to {MAX_DIGITS}", lambda value: _is_whole(value, MAX_DIGITS))
ROWS = Kind(f"a whole number from 0 to {MAX_ROWS}", lambda value: _is_whole(value, MAX_ROWS))
INCREMENT = Kind("a number above 0", _is_increment)
LIST = Kind("a list", lambda value: isinstance(value, list))
COLUMNS = Kind("a list of columns, each with a text as key and label", _are_columns)
COMPONENTS = Kind(
    "a list of components",
    lambda value: isinstance(value, list) and all(isinstance(each, dict) for each in value),
)
ANYTHING = Kind("anything", lambda value: True)
OBJECT = Kind("an object", _is_object_or_null)

_COMMON = {
    "type": NAME,
    "id": NAME,
    "conditional": optional_object_of(hide=TEXT),
    # form-js fails for null
    "layout": object_of(),
    "properties": optional_object_of(
        page=TEXT,
        autocomplete=TEXT,
        subject=TEXT,
        missing=TEXT,
        decision=TEXT,
        notBefore=TEXT,
        notAfter=TEXT,
        stopAfter=TEXT,
        boxes=one_of("required"),
    ),
}
_REQUIRED = {"required": FLAG}
_LENGTHS = {**_REQUIRED, "minLength": LIMIT, "maxLength": LIMIT}
_FIELD = {
    "key": NAME,
    "label": TEXT,
    "description": TEXT,
    "disabled": FLAG,
    "readonly": FLAG_OR_FEEL,
    "defaultValue": ANYTHING,
    "validate": object_of(**_REQUIRED),
}
_OPTIONS = {"values": LIST, "valuesKey": NAME, "valuesExpression": FEEL}
_CONTAINER = {"path": TEXT, "label": TEXT, "components": COMPONENTS, "showOutline": FLAG, "verticalAlignment": TEXT}
_APPEARANCE = {"appearance": object_of(prefixAdorner=TEXT, suffixAdorner=TEXT)}
# written by Camunda Modeler, ignored by form-js
_EDITOR_ONLY = {"label": TEXT}

PROPERTIES: Mapping[str, Mapping[str, Kind]] = {
    name: {**_COMMON, **own}
    for name, own in {
        "textfield": {
            **_FIELD,
            **_APPEARANCE,
            "validate": object_of(**_LENGTHS, pattern=TEXT, validationType=one_of(*VALIDATION_TYPES)),
        },
        "textarea": {**_FIELD, "validate": object_of(**_LENGTHS)},
        "number": {
            **_FIELD,
            **_APPEARANCE,
            "decimalDigits": DIGITS,
            "increment": INCREMENT,
            "serializeToString": FLAG,
            "validate": object_of(**_REQUIRED, min=LIMIT, max=LIMIT),
        },
        "datetime": {
            **_FIELD,
            "subtype": one_of(*SUBTYPES),
            "dateLabel": TEXT,
            "timeLabel": TEXT,
            "use24h": FLAG,
            "timeInterval": NUMBER,
            "timeSerializingFormat": one_of(*TIME_FORMATS),
            "disallowPassedDates": FLAG,
        },
        "checkbox": _FIELD,
        "radio": {**_FIELD, **_OPTIONS},
        "select": {**_FIELD, **_OPTIONS, "searchable": FLAG},
        "checklist": {**_FIELD, **_OPTIONS},
        "taglist": {**_FIELD, **_OPTIONS},
        "expression": {"key": NAME, "expression": FEEL, "computeOn": TEXT, **_EDITOR_ONLY},
        "group": _CONTAINER,
        "dynamiclist": {
            **_CONTAINER,
            "isRepeating": FLAG,
            "allowAddRemove": FLAG,
            "defaultRepetitions": ROWS,
            "nonCollapsedItems": NUMBER,
            "disableCollapse": FLAG,
        },
        "text": {"text": NAME, "strict": FLAG, **_EDITOR_ONLY},
        "html": {"content": TEXT, "strict": FLAG, **_EDITOR_ONLY},
        "image": {"source": TEXT, "alt": TEXT, **_EDITOR_ONLY},
        "table": {
            "label": TEXT,
            "dataSource": TEXT,
            "rowCount": NUMBER,
            "columns": COLUMNS,
            "columnsExpression": FEEL,
        },
        "iframe": {"label": TEXT, "url": TEXT, "height": NUMBER, "security": OBJECT},
        "separator": _EDITOR_ONLY,
        "spacer": {"height": NUMBER, **_EDITOR_ONLY},
        "button": {"label": TEXT, "action": TEXT, "key": TEXT},
    }.items()
}


def find_unsupported(item: Mapping[str, Any]) -> Iterator[str]:
    """Yield descriptions of a component's unsupported properties; its type must be one of PROPERTIES."""
    yield from _find_unsupported(item, PROPERTIES[item["type"]], "property")


def _find_unsupported(item: Mapping[str, Any], allowed: Mapping[str, Kind], what: str) -> Iterator[str]:
    for name, value in item.items():
        kind = allowed.get(name)
        if kind is None:
            yield f"{what} {name} is not supported"
        elif not kind.accepts(value):
            yield f"{what} {name} is {describe(value)} instead of {kind.name}"
        elif kind.parts is not None and value is not None:
            parts = {**dict.fromkeys(value, ANYTHING), **kind.parts} if name in EXTENSIBLE else kind.parts
            yield from _find_unsupported(value, parts, SECTION_NAMES.get(name, name))


SECTION_NAMES = {"validate": "validation"}
# objects that may have other properties, too
EXTENSIBLE = ("properties", "layout")


def describe(value: Any) -> str:
    """Describe a JSON value for messages."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return f"“{value[:40]}”"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return f"the number {str(value)[:40]}"
