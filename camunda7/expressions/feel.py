"""The subset of FEEL that forms may use, with the results of feelin 3.1.0, the FEEL library of form-js 1.8.7.

Supports comparisons, and, or, not(), list contains(), literals, names and dotted paths. Refuses anything else when the
form is parsed, not when a patient fills it in. The logic is three-valued: null is neither true nor false.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from camunda7.expressions import javascript

__all__ = ["Expression", "UnsupportedExpression"]

Evaluate = Callable[[dict[str, Any]], Any]

MAX_TOKENS = 400

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)|\"(?P<string>(?:[^\"\\\n]|\\[\"\\])*)\""
    r"|(?P<function>list contains|not)\s*\("
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<symbol><=|>=|!=|[=<>(),.\[\]-]))",
    re.ASCII,
)
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_LITERALS = {"true": True, "false": False, "null": None}
# keywords and functions of FEEL, and members of every JavaScript object: feelin wouldn't read them as variables
_RESERVED = frozenset(
    """
    and or not in if then else for return some every satisfies between instance of function external
    number string date time duration today now contains matches replace split extract count min max sum mean all any
    sublist append concatenate insert remove reverse union flatten product median stddev mode decimal floor ceiling
    round abs modulo sqrt log exp odd even before after meets overlaps finishes includes during starts coincides range
    is sort context month week constructor toString toLocaleString valueOf hasOwnProperty isPrototypeOf
    propertyIsEnumerable length
    """.split()  # noqa: SIM905
)
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class UnsupportedExpression(Exception):
    """The expression isn't in the supported subset of FEEL; the message has the unsupported part."""


class _FeelinError(Exception):
    """feelin throws an error here, so that the whole expression is null."""


class Expression:
    """A compiled expression, with the attribute `names`: the variables that it reads.

    Args:
        text: with or without the `=` that begins an expression in a form.

    Raises:
        UnsupportedExpression: it isn't in the supported subset.
    """

    def __init__(self, text: str):
        parser = _Parser(text.strip().removeprefix("="))
        self.names = parser.names
        try:
            self._evaluate, self._negated = parser.parse()
        except RecursionError:
            raise UnsupportedExpression("the expression is nested too deeply") from None

    def evaluate(self, values: dict[str, Any]) -> Any:
        """Return the expression's value; None if feelin would throw an error.

        Args:
            values: variables by name; missing ones are null.
        """
        try:
            return self._evaluate(values)
        except _FeelinError:
            return None

    def test(self, values: dict[str, Any]) -> bool | None:
        """Evaluate the expression as a condition, like form-js: as a unary test of null; None if it is null."""
        try:
            if self._negated is None:
                return _as_unary_test(self._evaluate(values))
            result = _as_unary_test(self._negated(values))
            return None if result is None else not result
        except _FeelinError:
            return None


class _Parser:
    """Recursive descent parser: one method per level of precedence, which returns a function of the variables.

    Attributes:
        names: the variables that the expression reads.
    """

    def __init__(self, text: str):
        self._text = text
        self._tokens = list(itertools.islice(self._scan(text.rstrip()), MAX_TOKENS + 1))
        if len(self._tokens) > MAX_TOKENS:
            # each token may be a nested call during the evaluation: limits the depth of the stack
            raise UnsupportedExpression(f"the expression has more than {MAX_TOKENS} words and signs")
        self.names: set[str] = set()

    def parse(self) -> tuple[Evaluate, Evaluate | None]:
        """Parse the whole expression; returns it, and the operand if it is a single not(…)."""
        expression = self._disjunction()
        if self._tokens:
            raise self._unexpected(self._tokens[0][1])
        return expression, expression.operand if isinstance(expression, _Negation) else None

    def _scan(self, text: str) -> Iterator[tuple[str, str]]:
        position = 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if not match:
                raise UnsupportedExpression(f"{text}: not understood from {text[position : position + 20]!r} on")
            kind = str(match.lastgroup)
            yield kind, match[kind]
            position = match.end()

    def _disjunction(self) -> Evaluate:
        left = self._conjunction()
        while self._accept("name", "or"):
            left = _or(left, self._conjunction())
        return left

    def _conjunction(self) -> Evaluate:
        left = self._comparison()
        while self._accept("name", "and"):
            left = _and(left, self._comparison())
        return left

    def _comparison(self) -> Evaluate:
        left = self._path()
        symbol = self._tokens[0][1] if self._tokens and self._tokens[0][0] == "symbol" else ""
        if symbol not in _COMPARISONS:
            return left
        self._tokens.pop(0)
        return _compare(symbol, left, self._path())

    def _path(self) -> Evaluate:
        target = self._term()
        while self._accept("symbol", "."):
            target = _access_member(target, self._name())
        return target

    def _term(self) -> Evaluate:
        if not self._tokens:
            raise UnsupportedExpression(f"{self._text}: ends too early")
        kind, text = self._tokens[0]
        if kind == "name" and text not in _LITERALS:
            name = self._name()
            self.names.add(name)
            return lambda values: values.get(name)
        self._tokens.pop(0)
        if kind == "function":
            return self._function(text)
        if kind == "symbol":
            return self._symbol(text)
        return _constant(_literal(kind, text))

    def _name(self) -> str:
        kind, text = self._tokens.pop(0) if self._tokens else ("", "")
        if kind != "name" or text in _RESERVED or text in _LITERALS:
            raise self._unexpected(text)
        return text

    def _symbol(self, text: str) -> Evaluate:
        if text == "(":
            inner = self._disjunction()
            self._expect(")")
            return lambda values: inner(values)
        if text == "[":
            return self._list()
        if text == "-" and self._tokens and self._tokens[0][0] == "number":
            return _constant(-_literal(*self._tokens.pop(0)))
        raise self._unexpected(text)

    def _list(self) -> Evaluate:
        items: list[Evaluate] = []
        while not self._accept("symbol", "]"):
            if items:
                self._expect(",")
            items.append(self._disjunction())
        return lambda values: [item(values) for item in items]

    def _function(self, name: str) -> Evaluate:
        first = self._disjunction()
        if name == "not":
            self._expect(")")
            return _Negation(first)
        self._expect(",")
        second = self._disjunction()
        self._expect(")")
        return lambda values: _contains(first(values), second(values))

    def _accept(self, kind: str, text: str) -> bool:
        if self._tokens and self._tokens[0] == (kind, text):
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, symbol: str) -> None:
        if not self._accept("symbol", symbol):
            raise UnsupportedExpression(f"{self._text}: {symbol!r} is missing")

    def _unexpected(self, text: str) -> UnsupportedExpression:
        return UnsupportedExpression(f"{self._text}: {text!r} is not expected here")


def _literal(kind: str, text: str) -> Any:
    if kind == "string":
        return re.sub(r"\\(.)", r"\1", text)
    if kind == "number":
        return float(text) if "." in text else int(text)
    return _LITERALS[text]


def _constant(value: Any) -> Evaluate:
    return lambda values: value


def _access_member(target: Evaluate, name: str) -> Evaluate:
    def evaluate(values: dict[str, Any]) -> Any:
        found = target(values)
        if isinstance(found, list):
            return [_member(item, name) for item in found]
        return _member(found, name)

    return evaluate


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _or(left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(values: dict[str, Any]) -> bool | None:
        both = left(values), right(values)
        if any(value is True for value in both):
            return True
        return False if all(value is False for value in both) else None

    return evaluate


def _and(left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(values: dict[str, Any]) -> bool | None:
        both = left(values), right(values)
        if any(value is False for value in both):
            return False
        return True if all(value is True for value in both) else None

    return evaluate


@dataclass(frozen=True)
class _Negation:
    """not(…), a class because Expression.test() needs the operand."""

    operand: Evaluate

    def __call__(self, values: dict[str, Any]) -> bool | None:
        value = self.operand(values)
        return not value if isinstance(value, bool) else None


def _compare(symbol: str, left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(values: dict[str, Any]) -> bool | None:
        one, other = left(values), right(values)
        if symbol == "=":
            return _equal(one, other)
        if symbol == "!=":
            # values that can't be compared are different
            return not _equal(one, other)
        return _compare_order(symbol, one, other)

    return evaluate


def _compare_order(symbol: str, one: Any, bound: Any) -> bool | None:
    if bound is None:
        return None
    is_letter = isinstance(bound, str) and bound in _LETTERS
    if not is_letter and (isinstance(bound, bool) or not isinstance(bound, int | float)):
        raise _FeelinError
    if one is None:
        return None
    match symbol:
        case "<":
            return javascript.less(one, bound)
        case "<=":
            return javascript.less_or_equal(one, bound)
        case ">":
            return javascript.less(bound, one)
        case _:
            return javascript.less_or_equal(bound, one)


def _equal(one: Any, other: Any) -> bool | None:
    """Whether two values are equal; None if they can't be compared."""
    if (one is None) != (other is None):
        return False
    one, other = _unwrap_singleton(one), _unwrap_singleton(other)
    if _type_of(one) != _type_of(other):
        return None
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    return bool(one == other)


def _unwrap_singleton(value: Any) -> Any:
    if isinstance(value, list) and len(value) < 2:
        return value[0] if value else None
    return value


def _type_of(value: Any) -> type:
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)


def _contains(items: Any, item: Any) -> bool | None:
    if items is None:
        return None
    return any(_identical(one, item) for one in (items if isinstance(items, list) else [items]))


def _identical(one: Any, other: Any) -> bool:
    if isinstance(one, list | dict):
        return one is other
    return _type_of(one) == _type_of(other) and one == other


def _as_unary_test(result: Any) -> bool | None:
    if result is None or isinstance(result, bool):
        return result
    return None in result if isinstance(result, list) else False
