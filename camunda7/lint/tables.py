"""Model of decision tables for the linter."""

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
# types to which the engine converts values; it ignores others
WHOLE, NUMBERS = ("integer", "long"), ("integer", "long", "double", "number")
TYPES = ("string", "boolean", *NUMBERS, "date", "any")
# URIs of FEEL in the versions of DMN; cells may also have the name “feel”
FEEL = (
    "http://www.omg.org/spec/FEEL/20140401",
    "http://www.omg.org/spec/DMN/20180521/FEEL/",
    "https://www.omg.org/spec/DMN/20191111/FEEL/",
    "https://www.omg.org/spec/DMN/20211108/FEEL/",
    "https://www.omg.org/spec/DMN/20230324/FEEL/",
)
WRITE_FEEL = "Write it in FEEL, and delete the expression language"
SUPPORTED_CELLS = "Write texts in quotes, numbers, true, false, < 5, >= 5, [1..5], several with commas, or not(…)"
# kinds of decision logic other than a table
OTHER_EXPRESSIONS = ("literalExpression", "context", "invocation", "relation", "list", "functionDefinition")
IN_LIST = r"\b{name} in \(([^)]*)\)"
# distance of the values that are tried below and above each constant
STEP, WHOLE_STEP = 0.001, 1.0


@dataclass(frozen=True)
class Input:
    """An input column.

    Attributes:
        name: variable or decision that it reads.
        expression: its expression, which may check the value with assert().
    """

    label: str
    name: str
    expression: str


@dataclass(frozen=True)
class Output:
    """An output column.

    Attributes:
        type: typeRef in lower case.
    """

    name: str
    type: str


@dataclass(frozen=True)
class Row:
    """A row (rule).

    Attributes:
        number: from 1, as in Camunda Modeler.
        cells: conditions, by input column.
        outputs: values, by name of the output column.
    """

    id: str
    number: int
    cells: tuple[Cell, ...]
    outputs: Mapping[str, Value]


@dataclass(frozen=True)
class Table:
    """A decision with a decision table.

    Attributes:
        policy: hit policy: FIRST, UNIQUE, ANY, COLLECT, RULE ORDER.
        aggregation: SUM, MIN, MAX or COUNT of COLLECT; otherwise empty.
        requires: ids of its required decisions.
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
    """A decision can't be read; the message names the cell, and the reason.

    Attributes:
        todo: the remedy.
    """

    def __init__(self, wrong: str, todo: str = "Correct the table in Camunda Modeler"):
        super().__init__(wrong)
        self.todo = todo


def read(decision: ElementTree.Element) -> Table:
    """Read a decision.

    Raises:
        TableError: it has no table, or a cell isn't supported.
    """
    if not decision.get("id"):
        raise TableError("it has no id")
    found = decision.findall(DMN + "decisionTable")
    if len(found) != 1:
        other = next((name for name in OTHER_EXPRESSIONS if decision.find(DMN + name) is not None), "")
        wrong = f"it is a {other} instead of a table" if other else f"it has {len(found) or 'no'} tables"
        raise TableError(wrong, "Make it one decision table: other expressions can't be checked")
    table = found[0]
    inputs = tuple(_read_input(each) for each in table.findall(DMN + "input"))
    outputs = _read_outputs(table)
    required = (each.get("href", "").lstrip("#") for each in decision.iter(DMN + "requiredDecision"))
    rows = tuple(_read_row(row, number, inputs, outputs) for number, row in enumerate(table.findall(DMN + "rule"), 1))
    policy, aggregation = table.get("hitPolicy", "UNIQUE"), table.get("aggregation", "")
    name = decision.get("name") or decision.get("id") or ""
    return Table(decision.get("id", ""), name, policy, aggregation, inputs, outputs, rows, frozenset(required))


def _read_outputs(table: ElementTree.Element) -> tuple[Output, ...]:
    found = table.findall(DMN + "output")
    names = tuple(each.get("name", "") for each in found)
    if not names:
        raise TableError("its table has no output column")
    for name in names:
        if not name or names.count(name) > 1:
            raise TableError(f"{names.count(name)} output columns are named “{name}”")
    for each in found:
        _refuse_type(each, f"column “{each.get('name')}”")
    return tuple(Output(each.get("name", ""), each.get("typeRef", "any").lower()) for each in found)


def _refuse_type(node: ElementTree.Element, where: str) -> None:
    kind = node.get("typeRef", "string")
    if kind.lower() not in TYPES:
        raise TableError(f"{where}: the engine has no type “{kind}” (but {', '.join(TYPES)})")


def is_feel(node: ElementTree.Element) -> bool:
    """Whether the expression language of a cell, or of a file's definitions, is FEEL."""
    language = node.get("expressionLanguage", "feel")
    return language.lower() == "feel" or language in FEEL


def _refuse_language(node: ElementTree.Element, where: str) -> None:
    if not is_feel(node):
        language = node.get("expressionLanguage") or "no language"
        raise TableError(f"{where}: it is written in {language} instead of FEEL", WRITE_FEEL)


def _read_input(column: ElementTree.Element) -> Input:
    expression = column.find(DMN + "inputExpression")
    text = _text(expression)
    label, names = column.get("label") or text, unary_tests.names(text)
    if expression is not None:
        _refuse_type(expression, f"column “{label}”")
        _refuse_language(expression, f"column “{label}”")
    if len(names) != 1:
        raise TableError(f"column “{label}” reads {' and '.join(sorted(names)) or 'nothing'} instead of one variable")
    return Input(label, names.pop(), text)


def _read_row(row: ElementTree.Element, number: int, inputs: tuple[Input, ...], outputs: tuple[Output, ...]) -> Row:
    cells, values = [], {}
    entries = [row.findall(DMN + tag) for tag in ("inputEntry", "outputEntry")]
    for found, columns in zip(entries, (inputs, outputs), strict=True):
        if len(found) != len(columns):
            raise TableError(f"row {number} has {len(found)} cells for {len(columns)} columns")
    for column, entry in zip(inputs, entries[0], strict=True):
        _refuse_language(entry, f"row {number}, column “{column.label}”")
        try:
            cells.append(unary_tests.parse_cell(_text(entry)))
        except CellError as error:
            raise TableError(f"row {number}, column “{column.label}”: {error}", SUPPORTED_CELLS) from None
    for output, entry in zip(outputs, entries[1], strict=True):
        where = f"row {number}, column “{output.name}”"
        _refuse_language(entry, where)
        try:
            values[output.name] = unary_tests.parse_literal(_text(entry))
        except CellError as error:
            raise TableError(f"{where}: {error}", SUPPORTED_CELLS) from None
        if not _is_of_type(values[output.name], output.type):
            raise TableError(
                f"{where}: “{unary_tests.format_value(values[output.name])}” isn't of the type {output.type}"
            )
    return Row(row.get("id", ""), number, tuple(cells), values)


def _is_of_type(value: Value, kind: str) -> bool:
    """Whether the engine can convert a value to the type of its column."""
    if kind in NUMBERS:
        return isinstance(value, float) and (kind not in WHOLE or value.is_integer())
    return kind != "boolean" or isinstance(value, bool)


def _text(node: ElementTree.Element | None) -> str:
    text = node.find(DMN + "text") if node is not None else None
    return (text.text or "").strip() if text is not None else ""


def values_of(column: Input, cells: list[Cell], declared: Variable | None) -> list[Value]:
    """Return values of a variable to try: one of each class that the cells don't distinguish.

    Args:
        column: its input column, with the expressions of all its columns.
        cells: the cells of all its columns, in all decisions.
        declared: its declaration, if it has one.
    """
    kinds: dict[tuple[bool, ...], Value] = {}
    for value in _candidate_values(column, cells, declared):
        kinds.setdefault(tuple(each.matches(value) for each in cells), value)
    return list(kinds.values())


def _candidate_values(column: Input, cells: list[Cell], declared: Variable | None) -> Iterator[Value]:
    codes = re.search(IN_LIST.format(name=re.escape(column.name)), column.expression)
    if codes:
        yield from re.findall(r'"([^"]*)"', codes[1])
    elif declared and declared.type == "Boolean":
        yield from (True, False)
    elif declared and declared.values:
        yield from declared.values
    elif declared and declared.type in ("Integer", "Double"):
        yield from _boundary_values(column, cells, declared)
    else:
        named = frozenset().union(*(each.texts for each in cells))
        yield from (*sorted(named), "anything else")


def _boundary_values(column: Input, cells: list[Cell], declared: Variable) -> Iterator[float]:
    """Yield the numbers in cells and in the column's assert(), and those just below and above them."""
    bounds = [
        unary_tests.parse_cell(f"{sign} {figure}")
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
