"""Decision tables as the check reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from deployment.check import feel
from deployment.check.feel import Cell, CellError, Value
from processes.variables import Variable

DMN = "{https://www.omg.org/spec/DMN/20191111/MODEL/}"
IN_CODES = r"\b{name} in \(([^)]*)\)"
# beside the figures that cells name, values that lie between them
STEP, WHOLE_STEP = 0.001, 1.0


@dataclass(frozen=True)
class Input:
    """A column of conditions.

    Attributes:
        name: the variable, or the decision, that it looks at.
        expression: what the column says, with the checks around the name.
    """

    label: str
    name: str
    expression: str


@dataclass(frozen=True)
class Row:
    """A row.

    Attributes:
        number: as the editor counts, from 1.
        says: by the name of its column.
    """

    id: str
    number: int
    cells: tuple[Cell, ...]
    says: Mapping[str, Value]


@dataclass(frozen=True)
class Table:
    """A decision.

    Attributes:
        policy: FIRST, UNIQUE, ANY, COLLECT, RULE ORDER.
        requires: ids of the decisions that it is connected with.
    """

    id: str
    name: str
    policy: str
    aggregation: str
    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]
    rows: tuple[Row, ...]
    requires: frozenset[str]


class TableError(Exception):
    """A decision that can't be followed; the message says which cell, and why."""


def read(decision: ElementTree.Element) -> Table:
    """A decision.

    Raises:
        TableError: it has no table, or a cell isn't understood.
    """
    table = decision.find(DMN + "decisionTable")
    if table is None:
        raise TableError("it has no table")
    inputs = tuple(_input(each) for each in table.findall(DMN + "input"))
    outputs = tuple(each.get("name", "") for each in table.findall(DMN + "output"))
    required = (each.get("href", "").lstrip("#") for each in decision.iter(DMN + "requiredDecision"))
    rows = tuple(_row(row, number, inputs, outputs) for number, row in enumerate(table.findall(DMN + "rule"), 1))
    policy, aggregation = table.get("hitPolicy", "UNIQUE"), table.get("aggregation", "")
    name = decision.get("name") or decision.get("id", "")
    return Table(decision.get("id", ""), name, policy, aggregation, inputs, outputs, rows, frozenset(required))


def _input(column: ElementTree.Element) -> Input:
    text = _text(column.find(DMN + "inputExpression"))
    label, names = column.get("label") or text, feel.names(text)
    if len(names) != 1:
        raise TableError(
            f"column “{label}” looks at {' and '.join(sorted(names)) or 'nothing'} instead of one variable"
        )
    return Input(label, names.pop(), text)


def _row(row: ElementTree.Element, number: int, inputs: tuple[Input, ...], outputs: tuple[str, ...]) -> Row:
    cells, says = [], {}
    for column, entry in zip(inputs, row.findall(DMN + "inputEntry"), strict=True):
        try:
            cells.append(feel.cell(_text(entry)))
        except CellError as error:
            raise TableError(f"row {number}, column “{column.label}”: {error}") from None
    for name, entry in zip(outputs, row.findall(DMN + "outputEntry"), strict=True):
        try:
            says[name] = feel.literal(_text(entry))
        except CellError as error:
            raise TableError(f"row {number}, column “{name}”: {error}") from None
    return Row(row.get("id", ""), number, tuple(cells), says)


def _text(node: ElementTree.Element | None) -> str:
    text = node.find(DMN + "text") if node is not None else None
    return (text.text or "").strip() if text is not None else ""


def values_of(column: Input, cells: list[Cell], declared: Variable | None) -> list[Value]:
    """Values that a variable may have: of those that are alike to all cells, one.

    Args:
        cells: all that look at it, in whatever decision.
    """
    kinds: dict[tuple[bool, ...], Value] = {}
    for value in _candidates(column, cells, declared):
        kinds.setdefault(tuple(each.takes(value) for each in cells), value)
    return list(kinds.values())


def _candidates(column: Input, cells: list[Cell], declared: Variable | None) -> Iterator[Value]:
    codes = re.search(IN_CODES.format(name=re.escape(column.name)), column.expression)
    if codes:
        yield from re.findall(r'"([^"]*)"', codes[1])
    elif declared and declared.type == "Boolean":
        yield from (True, False)
    elif declared and declared.values:
        yield from declared.values
    elif declared and declared.type in ("Integer", "Double"):
        yield from _numbers(column, cells, declared)
    else:
        named = frozenset().union(*(each.texts for each in cells))
        yield from (*sorted(named), "anything else")


def _numbers(column: Input, cells: list[Cell], declared: Variable) -> Iterator[float]:
    """The figures that cells and the column's check name, and those just below and above them."""
    bounds = [
        feel.cell(f"{sign} {figure}")
        for sign, figure in re.findall(rf"\b{re.escape(column.name)} (<=|>=|<|>) ({feel.NUMBER})", column.expression)
    ]
    is_whole = declared.type == "Integer" or f"floor({column.name}) = {column.name}" in column.expression
    step = WHOLE_STEP if is_whole else STEP
    figures = sorted(frozenset().union(*(each.numbers for each in (*cells, *bounds))) or {0.0})
    for figure in figures:
        for value in (figure, figure - step, figure + step):
            if all(bound.takes(value) for bound in bounds):
                yield value
