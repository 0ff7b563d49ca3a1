"""Process variables: their declarations, and the conversion between Python's values and the engine's typed ones."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

__all__ = ["Catalogue", "UndeclaredVariable", "Variable", "engine_time", "from_engine", "to_python"]

ENGINE_TIME = "%Y-%m-%dT%H:%M:%S.%f%z"


@dataclass(frozen=True)
class Variable:
    """One process variable.

    Attributes:
        type: String, Boolean, Integer, Double, Date (a point in time) or Json, as the engine names them.
            A calendar day is a String, YYYY-MM-DD, as Camunda Forms submit it.
        meaning: what the value means, for people.
        values: codes that a String may have; empty if it may have any value.
    """

    name: str
    type: str
    meaning: str
    values: tuple[str, ...] = ()


class UndeclaredVariable(Exception):
    """A variable isn't declared, or its value isn't of its type or can't be stored; the message never has the value."""


class Catalogue(dict[str, Variable]):
    """The process variables of an application, by name.

    Args:
        source: the file that declares them, for error messages. Without one, each variable may be written, as the type
            that fits its Python value.
    """

    def __init__(self, *variables: Variable, source: str = ""):
        super().__init__((variable.name, variable) for variable in variables)
        self.source = source

    def to_engine(self, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Convert values by variable name to typed values of the engine's REST API.

        Raises:
            UndeclaredVariable: a name isn't declared, or a value isn't of the declared type or can't be stored.
        """
        return {name: self._typed(name, value) for name, value in values.items()}

    def _typed(self, name: str, value: Any) -> dict[str, Any]:
        variable = self.get(name)
        if variable is None and self.source:
            raise UndeclaredVariable(f"{name} is not declared in {self.source}")
        if value is None:
            return {"value": None, "type": "Null"}
        variable = variable or Variable(name, _type_of(value), "")
        if variable.type == "Json":
            return {"value": _to_json(name, value), "type": "Json"}
        fits = isinstance(value, _PYTHON_TYPES[variable.type])
        if not fits or (isinstance(value, bool) and variable.type != "Boolean"):
            raise UndeclaredVariable(f"{name} must be of type {variable.type}")
        if variable.values and value not in variable.values:
            raise UndeclaredVariable(f"{name} must be one of {', '.join(variable.values)}")
        return {"value": _storable(name, variable.type, value), "type": variable.type}


UNTYPED = Catalogue()


def _type_of(value: Any) -> str:
    """Return the engine's type for a value of an undeclared variable."""
    match value:
        case bool():
            return "Boolean"
        case int():
            return "Integer" if -(2**31) <= value < 2**31 else "Long"
        case float():
            return "Double"
        case str():
            return "String"
        case datetime():
            return "Date"
    return "Json"


def from_engine(values: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Convert the engine's typed values to Python values: times to aware datetimes, Json parsed.

    Raises:
        UndeclaredVariable: a value can't be read, such as an object that Java has serialised.
    """
    return {name: _read(name, value) for name, value in values.items()}


def _read(name: str, value: dict[str, Any]) -> Any:
    try:
        return to_python(value["type"], value["value"])
    except (KeyError, TypeError, ValueError, RecursionError):
        raise UndeclaredVariable(f"{name} can't be read") from None


def to_python(kind: str, value: Any) -> Any:
    """Convert a value of the engine's type `kind`: a Date to an aware datetime, Json parsed."""
    if value is None:
        return None
    if kind == "Date":
        return datetime.strptime(value, ENGINE_TIME)
    if kind in ("Json", "Object") and isinstance(value, str):
        return json.loads(value)
    return value


def check_untyped(name: Any, variable: dict[str, Any]) -> None:
    """Check a variable that no declaration describes: {"value": …}, perhaps with a "type".

    Raises:
        UndeclaredVariable: the name isn't a text, or the value can't be written as JSON or stored.
    """
    if not isinstance(name, str) or not is_storable_text(name):
        raise UndeclaredVariable("the name of a variable must be a text that the engine can store")
    _to_json(name, variable)
    if isinstance(variable["value"], str) and variable.get("type") in (None, "String"):
        _check_text(name, variable["value"])


def is_storable_text(text: str) -> bool:
    """Whether every database that the engine works on can store a text: PostgreSQL refuses NUL and lone surrogates."""
    return not _UNSTORABLE.search(text)


def replace_unstorable_characters(text: str) -> str:
    """Replace the characters that a database can't store."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# VARCHAR(4000) in the engine's tables: PostgreSQL counts characters, H2 UTF-16 units
MAX_TEXT_UNITS = 4000
# of java.lang.Integer and java.lang.Long
_BITS = {"Integer": 31, "Long": 63}
_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "String": str,
    "Boolean": bool,
    "Integer": int,
    "Long": int,
    "Double": (int, float),
    "Date": datetime,
}


def _storable(name: str, kind: str, value: Any) -> Any:
    """Convert a value of the right Python type to the engine's.

    Raises:
        UndeclaredVariable: it is out of the range of the engine's type.
    """
    if kind == "String":
        _check_text(name, value)
    if kind in _BITS and not -(2 ** _BITS[kind]) <= value < 2 ** _BITS[kind]:
        raise UndeclaredVariable(f"{name} must be a whole number of {_BITS[kind] + 1} bits")
    if kind == "Double" and not _is_finite(value):
        raise UndeclaredVariable(f"{name} must be a finite number")
    if kind == "Date":
        return _to_engine_time(name, value)
    return value


def _check_text(name: str, text: str) -> None:
    if not is_storable_text(text):
        raise UndeclaredVariable(f"{name} must not contain NUL characters or lone surrogates")
    if len(text.encode("utf-16-le")) // 2 > MAX_TEXT_UNITS:
        raise UndeclaredVariable(f"{name} must be at most {MAX_TEXT_UNITS} characters long")


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:
        # an int beyond the range of float
        return False


def _to_engine_time(name: str, moment: datetime) -> str:
    if moment.tzinfo is None:
        raise UndeclaredVariable(f"{name} must have a time zone")
    try:
        return engine_time(moment)
    except OverflowError:
        raise UndeclaredVariable(f"{name} must be between the years 1 and 9999 in UTC") from None


def _to_json(name: str, value: Any) -> str:
    try:
        if not _has_storable_texts(value):
            raise UndeclaredVariable(
                f"{name} must not contain NUL characters, lone surrogates, or keys that aren't texts"
            )
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise UndeclaredVariable(f"{name} can't be written as JSON ({type(error).__name__})") from None


def _has_storable_texts(value: Any) -> bool:
    """Whether each text of a JSON value can be stored, and each key is a text, which json.dumps would make it."""
    if isinstance(value, str):
        return is_storable_text(value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _has_storable_texts([key, each]) for key, each in value.items())
    return all(map(_has_storable_texts, value)) if isinstance(value, (list, tuple)) else True


def engine_time(moment: datetime) -> str:
    """Format an aware datetime for the engine, which doesn't accept isoformat(): 2020-05-10T12:00:00.000+0000.

    Raises:
        OverflowError: in UTC, it isn't between the years 1 and 9999.
    """
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "+0000"
