"""Finds all paths through the decisions of a file: which combinations of inputs match which rows.

A depth-first search evaluates a decision repeatedly. Where it first reads a variable, the path forks into the values of
the variable; of values that no cell distinguishes one is tried.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from camunda7.expressions.unary_tests import ANYTHING, Cell, Value
from camunda7.lint.tables import Input, Row, Table, values_of
from camunda7.variables import Variable

AGGREGATIONS: Mapping[str, Callable[[Iterable[float]], float]] = {"SUM": sum, "MIN": min, "MAX": max}


@dataclass(frozen=True)
class DecisionPath:
    """One path through a decision.

    Attributes:
        known: values of the variables that were read, by name.
        rows: rows that match, according to the hit policy.
    """

    known: dict[str, Value]
    rows: list[Row]


class Gap(Exception):
    """No row of a required decision matches."""


class Answers(Protocol):
    """Values of the input variables of a decision."""

    def value(self, name: str) -> Value:
        """Return the value of a variable."""


class Decisions:
    """Evaluates the decisions of a file.

    Args:
        tables: decision tables, by id.
    """

    def __init__(self, tables: Mapping[str, Table]):
        self._tables = tables

    def rows(self, table: Table, answers: Answers) -> list[Row]:
        """Return the rows that match, according to the hit policy.

        Raises:
            Gap: no row of a required decision matches.
        """
        return _Evaluation(self._tables, answers).rows(table)


class _Evaluation:
    """Evaluates each decision at most once, for one set of answers."""

    def __init__(self, tables: Mapping[str, Table], answers: Answers):
        self._tables = tables
        self._answers = answers
        self._values: dict[str, Value] = {}

    def rows(self, table: Table) -> list[Row]:
        matching = (row for row in table.rows if self._matches(table, row))
        if table.policy == "FIRST":
            first = next(matching, None)
            return [first] if first else []
        return list(matching)

    def _matches(self, table: Table, row: Row) -> bool:
        return all(
            cell is ANYTHING or cell.matches(self._value(column.name))
            for column, cell in zip(table.inputs, row.cells, strict=True)
        )

    def _value(self, name: str) -> Value:
        if name not in self._values:
            table = self._tables.get(name)
            self._values[name] = self._answers.value(name) if table is None else self._result(table)
        return self._values[name]

    def _result(self, table: Table) -> Value:
        said = [value for row in self.rows(table) for value in row.outputs.values()]
        if not said:
            raise Gap
        if table.policy != "COLLECT":
            return said[0]
        if table.aggregation == "COUNT":
            return float(len(said))
        # a table that aggregates other values than numbers is a finding; its paths aren't searched
        return AGGREGATIONS[table.aggregation](value for value in said if isinstance(value, float))


class PathSearch:
    """Searches the paths through decisions.

    Args:
        tables: all decision tables of a file, by id.
        variables: declared variables, by name.
    """

    def __init__(self, tables: Mapping[str, Table], variables: Mapping[str, Variable]):
        self._decisions = Decisions(tables)
        self._values = {
            name: values_of(column, cells, variables.get(name))
            for name, (column, cells) in _input_columns(tables).items()
        }

    def find_paths(self, table: Table) -> Iterator[DecisionPath]:
        """Yield each path once, except those on which a required decision has a gap."""
        trail: list[list[Value]] = []
        while True:
            forks = _Trail(trail, self._values)
            with contextlib.suppress(Gap):
                yield DecisionPath(forks.known, self._decisions.rows(table, forks))
            while trail and len(trail[-1]) == 1:
                trail.pop()
            if not trail:
                return
            trail[-1].pop(0)


class _Trail:
    """Values of variables on the current path.

    Args:
        trail: for each variable in the order of reading, the current value and those that are still to be tried.
        values: values to try, by variable.
    """

    def __init__(self, trail: list[list[Value]], values: Mapping[str, list[Value]]):
        self._trail = trail
        self._values = values
        self.known: dict[str, Value] = {}

    def value(self, name: str) -> Value:
        if name not in self.known:
            if len(self.known) == len(self._trail):
                self._trail.append(list(self._values[name]))
            self.known[name] = self._trail[len(self.known)][0]
        return self.known[name]


def _input_columns(tables: Mapping[str, Table]) -> dict[str, tuple[Input, list[Cell]]]:
    """Return, for each input variable, a column with all expressions on it, and the cells of all its columns."""
    found: dict[str, tuple[Input, list[Cell]]] = {}
    for table in tables.values():
        for place, column in enumerate(table.inputs):
            if column.name in tables:
                continue
            before, cells = found.get(column.name, (Input(column.label, column.name, ""), []))
            said = Input(before.label, column.name, f"{before.expression} {column.expression}")
            found[column.name] = said, [*cells, *(row.cells[place] for row in table.rows)]
    return found
