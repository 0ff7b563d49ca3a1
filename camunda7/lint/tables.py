"""Decision tables as the check reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from camunda7.expressions import unary_tests
from camunda7.expressions.unary_tests import Cell, CellError, Value
from camunda7.variables import Variable

DMN = "{https://www.omg.org/spec/DMN/20191111/MODEL/}"
CAMUNDA_DMN = "{http://camunda.org/schema/1.0/dmn}"
# those that the engine converts values to; of any other it leaves them as they are
WHOLE, NUMBERS = ("integer", "long"), ("integer", "long", "double", "number")
TYPES = ("string", "boolean", *NUMBERS, "date", "any")
# FEEL, as the versions of DMN name it; in a cell the short name as well
FEEL = (
    "http://www.omg.org/spec/FEEL/20140401",
    "http://www.omg.org/spec/DMN/20180521/FEEL/",
    "https://www.omg.org/spec/DMN/20191111/FEEL/",
    "https://www.omg.org/spec/DMN/20211108/FEEL/",
    "https://www.omg.org/spec/DMN/20230324/FEEL/",
)
WRITE_FEEL = "Write it in FEEL, and delete the expression language"
UNDERSTOOD = "Write texts in quotes, numbers, true, false, < 5, >= 5, [1..5], several with commas, or not(…)"
# what a decision may be besides a table
OTHERS = ("literalExpression", "context", "invocation", "relation", "list", "functionDefinition")
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
class Output:
    """A column of what is said.

    Attributes:
        type: as the file has it, in small letters.
    """

    name: str
    type: str


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
    outputs: tuple[Output, ...]
    rows: tuple[Row, ...]
    requires: frozenset[str]


class TableError(Exception):
    """A decision that can't be followed; the message says which cell, and why.

    Attributes:
        todo: what to do.
    """

    def __init__(self, wrong: str, todo: str = "Correct the table in Camunda Modeler"):
        super().__init__(wrong)
        self.todo = todo


def read(decision: ElementTree.Element) -> Table:
    """A decision.

    Raises:
        TableError: it has no table, or a cell isn't understood.
    """
    if not decision.get("id"):
        raise TableError("it has no id")
    found = decision.findall(DMN + "decisionTable")
    if len(found) != 1:
        other = next((name for name in OTHERS if decision.find(DMN + name) is not None), "")
        wrong = f"it is a {other} instead of a table" if other else f"it has {len(found) or 'no'} tables"
        raise TableError(wrong, "Make it one decision table: what another decision says can't be followed")
    table = found[0]
    inputs = tuple(_input(each) for each in table.findall(DMN + "input"))
    outputs = _outputs(table)
    required = (each.get("href", "").lstrip("#") for each in decision.iter(DMN + "requiredDecision"))
    rows = tuple(_row(row, number, inputs, outputs) for number, row in enumerate(table.findall(DMN + "rule"), 1))
    policy, aggregation = table.get("hitPolicy", "UNIQUE"), table.get("aggregation", "")
    name = decision.get("name") or decision.get("id") or ""
    return Table(decision.get("id", ""), name, policy, aggregation, inputs, outputs, rows, frozenset(required))


def _outputs(table: ElementTree.Element) -> tuple[Output, ...]:
    found = table.findall(DMN + "output")
    names = tuple(each.get("name", "") for each in found)
    if not names:
        raise TableError("its table has no column for what it says")
    for name in names:
        if not name or names.count(name) > 1:
            raise TableError(f"{names.count(name)} columns for what it says are called “{name}”")
    for each in found:
        _refuse_type(each, f"column “{each.get('name')}”")
    return tuple(Output(each.get("name", ""), each.get("typeRef", "any").lower()) for each in found)


def _refuse_type(node: ElementTree.Element, where: str) -> None:
    kind = node.get("typeRef", "string")
    if kind.lower() not in TYPES:
        raise TableError(f"{where}: the engine has no type “{kind}” (but {', '.join(TYPES)})")


def is_feel(node: ElementTree.Element) -> bool:
    """Whether a cell, or what a file says of all of them, is in FEEL."""
    language = node.get("expressionLanguage", "feel")
    return language.lower() == "feel" or language in FEEL


def _refuse_language(node: ElementTree.Element, where: str) -> None:
    if not is_feel(node):
        language = node.get("expressionLanguage") or "no language"
        raise TableError(f"{where}: it is written in {language} instead of FEEL", WRITE_FEEL)


def _input(column: ElementTree.Element) -> Input:
    expression = column.find(DMN + "inputExpression")
    text = _text(expression)
    label, names = column.get("label") or text, unary_tests.names(text)
    if expression is not None:
        _refuse_type(expression, f"column “{label}”")
        _refuse_language(expression, f"column “{label}”")
    if len(names) != 1:
        raise TableError(
            f"column “{label}” looks at {' and '.join(sorted(names)) or 'nothing'} instead of one variable"
        )
    return Input(label, names.pop(), text)


def _row(row: ElementTree.Element, number: int, inputs: tuple[Input, ...], outputs: tuple[Output, ...]) -> Row:
    cells, says = [], {}
    entries = [row.findall(DMN + tag) for tag in ("inputEntry", "outputEntry")]
    for found, columns in zip(entries, (inputs, outputs), strict=True):
        if len(found) != len(columns):
            raise TableError(f"row {number} has {len(found)} cells for {len(columns)} columns")
    for column, entry in zip(inputs, entries[0], strict=True):
        _refuse_language(entry, f"row {number}, column “{column.label}”")
        try:
            cells.append(unary_tests.cell(_text(entry)))
        except CellError as error:
            raise TableError(f"row {number}, column “{column.label}”: {error}", UNDERSTOOD) from None
    for output, entry in zip(outputs, entries[1], strict=True):
        where = f"row {number}, column “{output.name}”"
        _refuse_language(entry, where)
        try:
            says[output.name] = unary_tests.literal(_text(entry))
        except CellError as error:
            raise TableError(f"{where}: {error}", UNDERSTOOD) from None
        if not _fits(says[output.name], output.type):
            raise TableError(f"{where}: “{unary_tests.shown(says[output.name])}” isn't of the type {output.type}")
    return Row(row.get("id", ""), number, tuple(cells), says)


def _fits(value: Value, kind: str) -> bool:
    """Whether the engine can convert a value to the type of its column."""
    if kind in NUMBERS:
        return isinstance(value, float) and (kind not in WHOLE or value.is_integer())
    return kind != "boolean" or isinstance(value, bool)


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
        kinds.setdefault(tuple(each.matches(value) for each in cells), value)
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
        unary_tests.cell(f"{sign} {figure}")
        for sign, figure in re.findall(
            rf"\b{re.escape(column.name)} (<=|>=|<|>) ({unary_tests.NUMBER})", column.expression
        )
    ]
    is_whole = declared.type == "Integer" or f"floor({column.name}) = {column.name}" in column.expression
    step = WHOLE_STEP if is_whole else STEP
    figures = sorted(frozenset().union(*(each.numbers for each in (*cells, *bounds))) or {0.0})
    for figure in figures:
        for value in (figure, figure - step, figure + step):
            if all(bound.matches(value) for bound in bounds):
                yield value
