"""Reads the expressions of diagrams, ${…} in Unified EL as the engine takes them, into names, calls and texts.

Source: JSR 245, Expression Language Specification 2.1, chapter 1.19 (grammar).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<name>[A-Za-z_$][\w$]*)"""
    r"""|(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:().,\[\]]))"""
)
SPACE = re.compile(r"\s*")
OPENING = re.compile(r"[$#]\{")
# operators of two sides, those that bind least first
LEVELS = (
    ("||", "or"),
    ("&&", "and"),
    ("==", "!=", "eq", "ne"),
    ("<", ">", "<=", ">=", "lt", "gt", "le", "ge"),
    ("+", "-"),
    ("*", "/", "%", "div", "mod"),
)
ONE_SIDED = ("!", "not", "-", "empty")
WORDS = {"true", "false", "null"}


class ExpressionError(Exception):
    """It can't be read; the message says why."""


@dataclass(frozen=True)
class Node:
    """A part of an expression.

    Attributes:
        kind: name, text, number, word (true, false, null), call, method, property, index, operation or choice.
        value: the name, what the text or number is, the function or member, the operator.
        parts: what it is made of; of a method whose it is, then the arguments.
    """

    kind: str
    value: str = ""
    parts: tuple[Node, ...] = ()

    def walk(self) -> Iterator[Node]:
        yield self
        for part in self.parts:
            yield from part.walk()


def is_expression(text: str) -> bool:
    return "${" in text or "#{" in text


def parse(text: str) -> list[Node]:
    """The expressions of a text; what stands around and between them is text.

    Raises:
        ExpressionError: one of them can't be read.
    """
    found, at = [], 0
    while start := OPENING.search(text, at):
        parser = _Parser(text, start.end())
        try:
            found.append(parser.whole())
        except RecursionError:
            raise ExpressionError("it is nested too deeply") from None
        at = parser.at + 1
    return found


class _Parser:
    def __init__(self, text: str, at: int):
        self._text = text
        self.at = at

    def whole(self) -> Node:
        """All until the closing brace."""
        found = self._choice()
        space = SPACE.match(self._text, self.at)
        assert space, "it takes no space, too"
        end = space.end()
        if end == len(self._text):
            raise ExpressionError("its closing brace } is missing")
        if self._text[end] != "}":
            raise ExpressionError(f"it can't be read from “{self._text[end : end + 20]}” on")
        self.at = end
        return found

    def _choice(self) -> Node:
        condition = self._binary(0)
        if not self._takes("?"):
            return condition
        first = self._choice()
        self._needs(":")
        return Node("choice", "?", (condition, first, self._choice()))

    def _binary(self, level: int) -> Node:
        if level == len(LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while operator := self._takes(*LEVELS[level]):
            left = Node("operation", operator, (left, self._binary(level + 1)))
        return left

    def _unary(self) -> Node:
        operator = self._takes(*ONE_SIDED)
        return Node("operation", operator, (self._unary(),)) if operator else self._value()

    def _value(self) -> Node:
        found = self._primary()
        while operator := self._takes(".", "["):
            if operator == "[":
                found = Node("index", "", (found, self._choice()))
                self._needs("]")
                continue
            member = self._next("name")
            if self._takes("("):
                found = Node("method", member, (found, *self._arguments()))
            else:
                found = Node("property", member, (found,))
        return found

    def _primary(self) -> Node:
        if self._takes("("):
            found = self._choice()
            self._needs(")")
            return found
        kind, value, _ = self._peek()
        if kind == "name":
            self._next(kind)
            if value in WORDS:
                return Node("word", value)
            return Node("call", value, tuple(self._arguments())) if self._takes("(") else Node("name", value)
        if kind in ("text", "number"):
            self._next(kind)
            return Node(kind, value[1:-1] if kind == "text" else value)
        raise ExpressionError(f"a value is missing before “{self._text[self.at :].strip()[:20]}”")

    def _arguments(self) -> Iterator[Node]:
        if self._takes(")"):
            return
        yield self._choice()
        while self._takes(","):
            yield self._choice()
        self._needs(")")

    def _peek(self) -> tuple[str, str, int]:
        """The next token's kind and text, and where it ends; empty texts when there is none."""
        match = TOKEN.match(self._text, self.at)
        return (str(match.lastgroup), match[str(match.lastgroup)], match.end()) if match else ("", "", self.at)

    def _next(self, kind: str) -> str:
        found, value, end = self._peek()
        if found != kind:
            raise ExpressionError(f"a {kind} is missing before “{self._text[self.at :].strip()[:20]}”")
        self.at = end
        return value

    def _takes(self, *wanted: str) -> str:
        kind, value, _ = self._peek()
        return self._next(kind) if kind in ("sign", "name") and value in wanted else ""

    def _needs(self, sign: str) -> None:
        if not self._takes(sign):
            raise ExpressionError(f"a “{sign}” is missing before “{self._text[self.at :].strip()[:20]}”")
