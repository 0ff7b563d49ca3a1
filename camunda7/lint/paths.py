"""All paths through the decisions of a file: which answers lead to which rows.

A decision is evaluated repeatedly, as a depth-first search. Where it first reads a variable, the path forks into the
values of the variable; one value is tried of those that no cell distinguishes.
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
        known: the variables that it looked at.
        rows: those that count.
    """

    known: dict[str, Value]
    rows: list[Row]


class Gap(Exception):
    """A decision that this one needs says nothing."""


class Answers(Protocol):
    """What is known when a decision is taken."""

    def value(self, name: str) -> Value:
        """Of a variable."""


class Decisions:
    """Decisions that belong together, taken.

    Args:
        tables: by their ids.
    """

    def __init__(self, tables: Mapping[str, Table]):
        self._tables = tables

    def rows(self, table: Table, answers: Answers) -> list[Row]:
        """Those that count.

        Raises:
            Gap: a decision that this one needs says nothing.
        """
        return _Evaluation(self._tables, answers).rows(table)


class _Evaluation:
    """Decisions taken for one set of answers, each of them once."""

    def __init__(self, tables: Mapping[str, Table], answers: Answers):
        self._tables = tables
        self._answers = answers
        self._values: dict[str, Value] = {}

    def rows(self, table: Table) -> list[Row]:
        counting = (row for row in table.rows if self._counts(table, row))
        if table.policy == "FIRST":
            first = next(counting, None)
            return [first] if first else []
        return list(counting)

    def _counts(self, table: Table, row: Row) -> bool:
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
        said = [value for row in self.rows(table) for value in row.says.values()]
        if not said:
            raise Gap
        if table.policy != "COLLECT":
            return said[0]
        if table.aggregation == "COUNT":
            return float(len(said))
        # a decision that aggregates anything else is a finding, and isn't followed
        return AGGREGATIONS[table.aggregation](value for value in said if isinstance(value, float))


class PathSearch:
    """The paths through decisions.

    Args:
        tables: by their ids, all that belong together.
    """

    def __init__(self, tables: Mapping[str, Table], variables: Mapping[str, Variable]):
        self._decisions = Decisions(tables)
        self._values = {
            name: values_of(column, cells, variables.get(name)) for name, (column, cells) in _leaves(tables).items()
        }

    def through(self, table: Table) -> Iterator[DecisionPath]:
        """Yield each path once, except those on which a required decision has a gap."""
        trail: list[list[Value]] = []
        while True:
            forks = _Forks(trail, self._values)
            with contextlib.suppress(Gap):
                yield DecisionPath(forks.known, self._decisions.rows(table, forks))
            while trail and len(trail[-1]) == 1:
                trail.pop()
            if not trail:
                return
            trail[-1].pop(0)


class _Forks:
    """Values of variables on the current path; the trail has the values that are still to be tried."""

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


def _leaves(tables: Mapping[str, Table]) -> dict[str, tuple[Input, list[Cell]]]:
    """The variables that decisions look at: all that their columns say of them, and the cells that do."""
    found: dict[str, tuple[Input, list[Cell]]] = {}
    for table in tables.values():
        for place, column in enumerate(table.inputs):
            if column.name in tables:
                continue
            before, cells = found.get(column.name, (Input(column.label, column.name, ""), []))
            said = Input(before.label, column.name, f"{before.expression} {column.expression}")
            found[column.name] = said, [*cells, *(row.cells[place] for row in table.rows)]
    return found
