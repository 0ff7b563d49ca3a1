"""Which names an expression in FEEL has; and the cells of decision tables, as far as tables here use FEEL.

Source: OMG, Decision Model and Notation 1.3, chapter 10.3 (FEEL).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import TypeGuard

WORD = re.compile(r'"(?:\\.|[^"\\])*"|(?<![.\w])([A-Za-z_]\w*)(?!\w*\()(?!\w)')
# names of FEEL's own that aren't followed by a bracket
WORDS = {
    "and", "or", "not", "true", "false", "null", "if", "then", "else", "for", "in", "return", "some", "every",
    "satisfies", "instance", "of", "between", "function", "boolean", "number", "string", "date", "years", "months",
    "days", "duration", "time", "list", "context", "Any",
}  # fmt: skip


def names(expression: str) -> set[str]:
    """What may be variables in it."""
    return {name for name in WORD.findall(expression) if name} - WORDS


class CellError(Exception):
    """The cell isn't one of those that are understood here."""


Value = str | float | bool


@dataclass(frozen=True)
class Cell:
    """What a decision table's cell takes.

    Attributes:
        texts, numbers: that it names; what is between or beside them is all alike to it.
    """

    matches: Callable[[Value], bool]
    texts: frozenset[str] = frozenset()
    numbers: frozenset[float] = frozenset()


ANYTHING = Cell(lambda value: True)
NUMBER = r"-?\d+(?:\.\d+)?"
COMPARED = re.compile(rf"(<=|>=|<|>)\s*({NUMBER})")
BETWEEN = re.compile(rf"([\[\](])\s*({NUMBER})\s*\.\.\s*({NUMBER})\s*([\[\])])")
SIGNS = {"<": lt, "<=": le, ">": gt, ">=": ge}


def cell(text: str) -> Cell:
    """Reads a cell: - for anything, or texts, numbers, true, false, comparisons, ranges, several of them, not(…).

    Raises:
        CellError: it is something else.
    """
    text = text.strip()
    if text in ("", "-"):
        return ANYTHING
    if denied := re.fullmatch(r"not\((.*)\)", text, re.DOTALL):
        inner = _any(denied[1])
        return Cell(lambda value: not inner.matches(value), inner.texts, inner.numbers)
    return _any(text)


def _any(text: str) -> Cell:
    """One or several tests, of which one must hold."""
    tests = [_test(part.strip()) for part in _parts(text)]
    if len(tests) == 1:
        return tests[0]
    return Cell(
        lambda value: any(test.matches(value) for test in tests),
        frozenset().union(*(test.texts for test in tests)),
        frozenset().union(*(test.numbers for test in tests)),
    )


def literal(text: str) -> Value:
    """A text, a number, true or false.

    Raises:
        CellError: it is something else.
    """
    text = text.strip()
    if re.fullmatch(r'"[^"\\]*"', text):
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(NUMBER, text):
        return float(text)
    raise CellError(f"“{text}” is no text in quotes, number, true or false")


def shown(value: Value) -> str:
    """A value for people to read."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else value


def _test(text: str) -> Cell:
    if found := COMPARED.fullmatch(text):
        sign, bound = SIGNS[found[1]], float(found[2])
        return Cell(lambda value: _is_number(value) and sign(value, bound), numbers=frozenset({bound}))
    if found := BETWEEN.fullmatch(text):
        low, high = float(found[2]), float(found[3])
        above, below = (ge if found[1] == "[" else gt), (le if found[4] == "]" else lt)
        return Cell(
            lambda value: _is_number(value) and above(value, low) and below(value, high), numbers=frozenset({low, high})
        )
    wanted = literal(text)
    texts = frozenset({wanted}) if isinstance(wanted, str) else frozenset()
    numbers = frozenset({wanted}) if isinstance(wanted, float) else frozenset()
    return Cell(lambda value: type(value) is type(wanted) and value == wanted, texts, numbers)


def _is_number(value: Value) -> TypeGuard[float]:
    return isinstance(value, float)


def _parts(text: str) -> list[str]:
    """At the commas that aren't within quotes."""
    parts = [""]
    for piece in re.findall(r'"[^"]*"|[^",]+|[",]', text):
        if piece == ",":
            parts.append("")
        else:
            parts[-1] += piece
    return parts
