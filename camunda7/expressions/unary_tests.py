"""Names in FEEL expressions, and cells of decision tables in the subset of FEEL that the linter supports.

Source: OMG, Decision Model and Notation 1.3, chapter 10.3 (FEEL).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import TypeGuard

__all__ = ["Cell", "CellError", "format_value", "names", "parse_cell", "parse_literal"]

NAME = re.compile(r'"(?:\\.|[^"\\])*"|(?<![.\w])([A-Za-z_]\w*)(?!\w*\()(?!\w)')
# keywords and types of FEEL, and functions that aren't followed by a bracket
KEYWORDS = {
    "and", "or", "not", "true", "false", "null", "if", "then", "else", "for", "in", "return", "some", "every",
    "satisfies", "instance", "of", "between", "function", "boolean", "number", "string", "date", "years", "months",
    "days", "duration", "time", "list", "context", "Any",
}  # fmt: skip


def names(expression: str) -> set[str]:
    """Return the names in an expression that may be variables."""
    return {name for name in NAME.findall(expression) if name} - KEYWORDS


class CellError(Exception):
    """A cell isn't supported; the message has its text."""


Value = str | float | bool


@dataclass(frozen=True)
class Cell:
    """Condition in a cell of a decision table.

    Attributes:
        matches: whether a value satisfies it.
        texts, numbers: its constants; it doesn't distinguish the values between and beside them.
    """

    matches: Callable[[Value], bool]
    texts: frozenset[str] = frozenset()
    numbers: frozenset[float] = frozenset()


ANYTHING = Cell(lambda value: True)
NUMBER = r"-?\d+(?:\.\d+)?"
COMPARISON = re.compile(rf"(<=|>=|<|>)\s*({NUMBER})")
INTERVAL = re.compile(rf"([\[\](])\s*({NUMBER})\s*\.\.\s*({NUMBER})\s*([\[\])])")
OPERATORS = {"<": lt, "<=": le, ">": gt, ">=": ge}


def parse_cell(text: str) -> Cell:
    """Parse a cell: - for anything; texts, numbers, booleans, comparisons, intervals, a list of these, or not(…).

    Raises:
        CellError: it isn't supported.
    """
    text = text.strip()
    if text in ("", "-"):
        return ANYTHING
    if denied := re.fullmatch(r"not\((.*)\)", text, re.DOTALL):
        inner = _parse_tests(denied[1])
        return Cell(lambda value: not inner.matches(value), inner.texts, inner.numbers)
    return _parse_tests(text)


def _parse_tests(text: str) -> Cell:
    """Parse a list of tests, one of which must match."""
    tests = [_parse_test(part.strip()) for part in _split_at_commas(text)]
    if len(tests) == 1:
        return tests[0]
    return Cell(
        lambda value: any(test.matches(value) for test in tests),
        frozenset().union(*(test.texts for test in tests)),
        frozenset().union(*(test.numbers for test in tests)),
    )


def parse_literal(text: str) -> Value:
    """Parse a text, a number, true or false.

    Raises:
        CellError: it is none of these.
    """
    text = text.strip()
    if re.fullmatch(r'"[^"\\]*"', text):
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(NUMBER, text):
        return float(text)
    raise CellError(f"“{text}” isn't a text in quotes, a number, true or false")


def format_value(value: Value) -> str:
    """Format a value for people."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else value


def _parse_test(text: str) -> Cell:
    if found := COMPARISON.fullmatch(text):
        sign, bound = OPERATORS[found[1]], float(found[2])
        return Cell(lambda value: _is_number(value) and sign(value, bound), numbers=frozenset({bound}))
    if found := INTERVAL.fullmatch(text):
        low, high = float(found[2]), float(found[3])
        above, below = (ge if found[1] == "[" else gt), (le if found[4] == "]" else lt)
        return Cell(
            lambda value: _is_number(value) and above(value, low) and below(value, high), numbers=frozenset({low, high})
        )
    wanted = parse_literal(text)
    texts = frozenset({wanted}) if isinstance(wanted, str) else frozenset()
    numbers = frozenset({wanted}) if isinstance(wanted, float) else frozenset()
    return Cell(lambda value: type(value) is type(wanted) and value == wanted, texts, numbers)


def _is_number(value: Value) -> TypeGuard[float]:
    return isinstance(value, float)


def _split_at_commas(text: str) -> list[str]:
    """Split a text at the commas outside of quotes."""
    parts = [""]
    for piece in re.findall(r'"[^"]*"|[^",]+|[",]', text):
        if piece == ",":
            parts.append("")
        else:
            parts[-1] += piece
    return parts
