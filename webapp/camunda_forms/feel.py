"""The part of FEEL that forms use in conditions, with the results of feelin 3.1.0.

Comparison, and/or, not(), list contains(), literals, names and dotted paths. Anything else is refused when the
form is read, not when a patient fills it in. Logic has three values: null is neither true nor false.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

Expression = Callable[[dict[str, Any]], Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|\"(?P<string>[^\"\\]*)\"|(?P<function>list contains|not)\s*\("
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)|(?P<symbol><=|>=|!=|[=<>(),]))"
)
_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_LITERALS = {"true": True, "false": False, "null": None}


class UnsupportedExpression(Exception):
    """The expression isn't in the part of FEEL that forms may use."""


def compile_expression(text: str) -> Expression:
    """Compile an expression; the result takes the values by name.

    Args:
        text: with or without the `=` that begins an expression in a form.
    """
    parser = _Parser(_tokens(text.strip().removeprefix("=")), text)
    expression = parser.disjunction()
    parser.expect_end()
    return expression


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            raise UnsupportedExpression(f"{text}: not understood from {text[position : position + 20]!r} on")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent, one method per level of precedence, each giving a function of the values."""

    def __init__(self, tokens: list[tuple[str, str]], text: str):
        self._tokens = tokens
        self._text = text

    def disjunction(self) -> Expression:
        left = self._conjunction()
        while self._take("name", "or"):
            left = _either(left, self._conjunction())
        return left

    def expect_end(self) -> None:
        if self._tokens:
            raise UnsupportedExpression(f"{self._text}: {self._tokens[0][1]!r} is not expected here")

    def _conjunction(self) -> Expression:
        left = self._comparison()
        while self._take("name", "and"):
            left = _both(left, self._comparison())
        return left

    def _comparison(self) -> Expression:
        left = self._term()
        for symbol in ("=", "!=", *_ORDER):
            if self._take("symbol", symbol):
                return _compared(symbol, left, self._term())
        return left

    def _term(self) -> Expression:
        if not self._tokens:
            raise UnsupportedExpression(f"{self._text}: ends too early")
        kind, text = self._tokens.pop(0)
        if kind == "number":
            value = float(text)
            return lambda values: value
        if kind == "string":
            return lambda values: text
        if kind == "function":
            return self._function(text)
        if kind == "symbol" and text == "(":
            inner = self.disjunction()
            self._expect(")")
            return inner
        if kind == "name" and text in _LITERALS:
            return lambda values: _LITERALS[text]
        if kind == "name":
            return _path(text.split("."))
        raise UnsupportedExpression(f"{self._text}: {text!r} is not expected here")

    def _function(self, name: str) -> Expression:
        first = self.disjunction()
        if name == "not":
            self._expect(")")
            return lambda values: _negated(first(values))
        self._expect(",")
        second = self.disjunction()
        self._expect(")")
        return lambda values: _contains(first(values), second(values))

    def _take(self, kind: str, text: str) -> bool:
        if self._tokens and self._tokens[0] == (kind, text):
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, symbol: str) -> None:
        if not self._take("symbol", symbol):
            raise UnsupportedExpression(f"{self._text}: {symbol!r} is missing")


def _path(steps: list[str]) -> Expression:
    def look_up(values: dict[str, Any]) -> Any:
        found: Any = values
        for step in steps:
            found = found.get(step) if isinstance(found, dict) else None
        return found

    return look_up


def _either(left: Expression, right: Expression) -> Expression:
    def evaluate(values: dict[str, Any]) -> bool | None:
        both = left(values), right(values)
        if True in [value is True for value in both]:
            return True
        return False if both == (False, False) else None

    return evaluate


def _both(left: Expression, right: Expression) -> Expression:
    def evaluate(values: dict[str, Any]) -> bool | None:
        both = left(values), right(values)
        if True in [value is False for value in both]:
            return False
        return True if both == (True, True) else None

    return evaluate


def _compared(symbol: str, left: Expression, right: Expression) -> Expression:
    def evaluate(values: dict[str, Any]) -> bool | None:
        one, other = left(values), right(values)
        if symbol in ("=", "!="):
            if one is not None and other is not None and not _comparable(one, other):
                return None
            return (one == other) == (symbol == "=")
        if one is None or other is None or isinstance(one, bool) or not _comparable(one, other):
            return None
        return _ORDER[symbol](one, other)

    return evaluate


def _comparable(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return isinstance(one, bool) and isinstance(other, bool)
    numbers = (int, float)
    return type(one) is type(other) or (isinstance(one, numbers) and isinstance(other, numbers))


def _negated(value: Any) -> bool | None:
    return None if not isinstance(value, bool) else not value


def _contains(items: Any, item: Any) -> bool | None:
    return item in items if isinstance(items, list) else None
