"""Parser of expressions in diagrams: ${…} in Unified EL, as the engine evaluates them.

Source: JSR 245, Expression Language Specification 2.1, chapter 1.19 (grammar).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["ExpressionError", "Node", "is_expression", "parse"]

TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<name>[A-Za-z_$][\w$]*)"""
    r"""|(?P<symbol>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:().,\[\]]))"""
)
SPACE = re.compile(r"\s*")
OPENING_BRACE = re.compile(r"[$#]\{")
# from lowest to highest precedence
BINARY_OPERATORS = (
    ("||", "or"),
    ("&&", "and"),
    ("==", "!=", "eq", "ne"),
    ("<", ">", "<=", ">=", "lt", "gt", "le", "ge"),
    ("+", "-"),
    ("*", "/", "%", "div", "mod"),
)
UNARY_OPERATORS = ("!", "not", "-", "empty")
LITERALS = {"true", "false", "null"}


class ExpressionError(Exception):
    """An expression can't be parsed; the message has the reason."""


@dataclass(frozen=True)
class Node:
    """Node of an expression's syntax tree.

    Attributes:
        kind: name, text, number, literal (true, false, null), call, method, property, index, operation or choice (?:).
        value: the name, text, number, literal, function, member or operator.
        parts: child nodes; of a method its object, then the arguments.
    """

    kind: str
    value: str = ""
    parts: tuple[Node, ...] = ()

    def walk(self) -> Iterator[Node]:
        """Yield the node and its descendants."""
        yield self
        for part in self.parts:
            yield from part.walk()


def is_expression(text: str) -> bool:
    """Whether a text contains an expression."""
    return "${" in text or "#{" in text


def parse(text: str) -> list[Node]:
    """Parse the expressions of a text; text around and between them is skipped.

    Raises:
        ExpressionError: one of them can't be parsed.
    """
    found, at = [], 0
    while start := OPENING_BRACE.search(text, at):
        parser = _Parser(text, start.end())
        try:
            found.append(parser.parse())
        except RecursionError:
            raise ExpressionError("it is nested too deeply") from None
        at = parser.position + 1
    return found


class _Parser:
    def __init__(self, text: str, position: int):
        self._text = text
        self.position = position

    def parse(self) -> Node:
        """Parse until the closing brace."""
        found = self._choice()
        space = SPACE.match(self._text, self.position)
        assert space, "SPACE matches an empty text, too"
        end = space.end()
        if end == len(self._text):
            raise ExpressionError("its closing brace } is missing")
        if self._text[end] != "}":
            raise ExpressionError(f"it can't be read from “{self._text[end : end + 20]}” on")
        self.position = end
        return found

    def _choice(self) -> Node:
        condition = self._binary(0)
        if not self._accept("?"):
            return condition
        first = self._choice()
        self._expect(":")
        return Node("choice", "?", (condition, first, self._choice()))

    def _binary(self, level: int) -> Node:
        if level == len(BINARY_OPERATORS):
            return self._unary()
        left = self._binary(level + 1)
        while operator := self._accept(*BINARY_OPERATORS[level]):
            left = Node("operation", operator, (left, self._binary(level + 1)))
        return left

    def _unary(self) -> Node:
        operator = self._accept(*UNARY_OPERATORS)
        return Node("operation", operator, (self._unary(),)) if operator else self._postfix()

    def _postfix(self) -> Node:
        found = self._primary()
        while operator := self._accept(".", "["):
            if operator == "[":
                found = Node("index", "", (found, self._choice()))
                self._expect("]")
                continue
            member = self._next("name")
            if self._accept("("):
                found = Node("method", member, (found, *self._arguments()))
            else:
                found = Node("property", member, (found,))
        return found

    def _primary(self) -> Node:
        if self._accept("("):
            found = self._choice()
            self._expect(")")
            return found
        kind, value, _ = self._peek()
        if kind == "name":
            self._next(kind)
            if value in LITERALS:
                return Node("literal", value)
            return Node("call", value, tuple(self._arguments())) if self._accept("(") else Node("name", value)
        if kind in ("text", "number"):
            self._next(kind)
            return Node(kind, value[1:-1] if kind == "text" else value)
        raise ExpressionError(f"a value is missing before “{self._text[self.position :].strip()[:20]}”")

    def _arguments(self) -> Iterator[Node]:
        if self._accept(")"):
            return
        yield self._choice()
        while self._accept(","):
            yield self._choice()
        self._expect(")")

    def _peek(self) -> tuple[str, str, int]:
        """Return the next token's kind, text and end; empty texts if there is none."""
        match = TOKEN.match(self._text, self.position)
        return (str(match.lastgroup), match[str(match.lastgroup)], match.end()) if match else ("", "", self.position)

    def _next(self, kind: str) -> str:
        found, value, end = self._peek()
        if found != kind:
            raise ExpressionError(f"a {kind} is missing before “{self._text[self.position :].strip()[:20]}”")
        self.position = end
        return value

    def _accept(self, *wanted: str) -> str:
        kind, value, _ = self._peek()
        return self._next(kind) if kind in ("symbol", "name") and value in wanted else ""

    def _expect(self, symbol: str) -> None:
        if not self._accept(symbol):
            raise ExpressionError(f"a “{symbol}” is missing before “{self._text[self.position :].strip()[:20]}”")
