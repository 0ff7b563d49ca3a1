"""Conversions and comparisons of JavaScript (ECMAScript), on which form-js relies."""

from __future__ import annotations

import math
import re
from typing import Any

WHITESPACE = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_OUTER_WHITESPACE = re.compile(f"^[{WHITESPACE}]+|[{WHITESPACE}]+$")
_DECIMAL = re.compile(r"[+-]?(?:Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)", re.ASCII)
# offset from a surrogate to a private-use character
_PRIVATE = 0xF0000 - 0xD800
_OTHER_BASES = {"0x": 16, "0o": 8, "0b": 2}


def trim(text: str) -> str:
    """Trim a text like String.prototype.trim."""
    return _OUTER_WHITESPACE.sub("", text)


def length(text: str) -> int:
    """Return the length of a text in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split_surrogates(text: str) -> str:
    """Replace each surrogate by a private-use character: patterns without the flag u match code units."""
    units = memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H")
    return "".join(chr(unit + _PRIVATE if 0xD800 <= unit < 0xE000 else unit) for unit in units)


def to_number(value: Any) -> float:
    """Convert a value like Number(value); NaN if it isn't a number."""
    if isinstance(value, list):
        value = to_string(value)
    if isinstance(value, dict):
        return math.nan
    if not isinstance(value, str):
        return float(value or 0)
    text = trim(value)
    if not text:
        return 0.0
    base = _OTHER_BASES.get(text[:2].lower())
    if base:
        return _parse_integer(text[2:], base)
    return float(text) if _DECIMAL.fullmatch(text) else math.nan


def less(one: Any, other: Any) -> bool:
    """Whether one < other: compares two texts by code units, other values as numbers."""
    one, other = _to_primitive(one), _to_primitive(other)
    if isinstance(one, str) and isinstance(other, str):
        return _code_units(one) < _code_units(other)
    return to_number(one) < to_number(other)


def less_or_equal(one: Any, other: Any) -> bool:
    """Whether one <= other; false if one of them is converted to NaN."""
    one, other = _to_primitive(one), _to_primitive(other)
    if isinstance(one, str) and isinstance(other, str):
        return _code_units(one) <= _code_units(other)
    return to_number(one) <= to_number(other)


def to_string(value: Any) -> str:
    """Convert a value like String(value)."""
    if isinstance(value, list):
        return ",".join("" if item is None else to_string(item) for item in value)
    if isinstance(value, dict):
        return "[object Object]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return str(value)


def _parse_integer(digits: str, base: int) -> float:
    if not digits.isalnum() or not digits.isascii():
        return math.nan
    try:
        return float(int(digits, base))
    except ValueError:
        return math.nan


def _to_primitive(value: Any) -> Any:
    return to_string(value) if isinstance(value, list | dict) else value


def _code_units(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass")
