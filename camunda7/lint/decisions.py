"""Linter for decision tables: gaps, overlaps, rows that never match, and undeclared names."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from graphlib import CycleError, TopologicalSorter
from xml.etree import ElementTree

from camunda7.expressions.unary_tests import ANYTHING, Value, format_value
from camunda7.lint import tables
from camunda7.lint.attributes import check_time_to_live
from camunda7.lint.declared import Declared, declaration_hint
from camunda7.lint.finding import Finding, did_you_mean
from camunda7.lint.paths import AGGREGATIONS, DecisionPath, PathSearch
from camunda7.lint.tables import CAMUNDA_DMN, DMN, Row, Table, TableError

POLICIES = ("FIRST", "UNIQUE", "ANY", "COLLECT", "RULE ORDER")
MAX_PATHS = 200_000
MAX_REPORTED = 3


def findings(file: str, root: ElementTree.Element, declared: Declared) -> Iterator[Finding]:
    """Lint a file's decisions."""
    found: dict[str, Table] = {}
    wrong: list[Finding] = []
    for decision in root.iter(DMN + "decision"):
        try:
            table = tables.read(decision)
            found[table.id] = table
        except TableError as error:
            name = decision.get("name") or decision.get("id") or ""
            wrong.append(Finding(file, name, decision.get("id", ""), str(error), error.todo))
        for problem in check_time_to_live(decision.get(CAMUNDA_DMN + "historyTimeToLive")):
            wrong.append(Finding(file, decision.get("name", ""), decision.get("id", ""), *problem))
    for table in found.values():
        problems = itertools.chain(
            _check_hit_policy(table), _check_inputs(table, found, declared), _check_outputs(table, declared)
        )
        wrong += [Finding(file, table.name, table.id, *problem) for problem in problems]
    wrong += _check_file(file, root, found)
    name = file.removesuffix(".dmn")
    if name not in {each.get("id") for each in root.iter(DMN + "decision")}:
        todo = f"Give the decision the id {name}, or rename the file"
        yield Finding(file, "", "", "the file isn't named after its decision", todo)
    yield from wrong
    # a decision with other problems can't be evaluated
    if not wrong:
        paths = PathSearch(found, declared.variables)
        for table in found.values():
            yield from (Finding(file, table.name, table.id, *problem) for problem in _check_paths(table, paths))


def _check_file(file: str, root: ElementTree.Element, found: Mapping[str, Table]) -> Iterator[Finding]:
    """Check the decisions of a file together: language, ids, circular requirements."""
    if not root.get("id"):
        yield Finding(
            file, "", "", "its decision requirements have no id", "Give them one: in the diagram's properties"
        )
    if not tables.is_feel(root):
        language = root.get("expressionLanguage") or "no language"
        yield Finding(file, "", root.get("id", ""), f"it is written in {language} instead of FEEL", tables.WRITE_FEEL)
    ids = Counter(each.get("id", "") for each in root.iter() if each.tag.startswith(DMN) and each.get("id"))
    for name in sorted(name for name, count in ids.items() if count > 1):
        yield Finding(file, "", name, f"{ids[name]} elements have this id", "Give each an id of its own")
    needs = {table.id: {*table.requires, *(column.name for column in table.inputs)} for table in found.values()}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        circle = " → ".join(error.args[1])
        yield Finding(
            file, "", "", f"decisions require each other in a circle: {circle}", "Delete one of the connections"
        )


def _check_hit_policy(table: Table) -> Iterator[tuple[str, str]]:
    if table.policy not in POLICIES:
        yield f"the engine has no hit policy {table.policy}", f"Choose one of {', '.join(POLICIES)}"
    if table.policy != "COLLECT" and table.aggregation:
        yield f"the hit policy {table.policy} has no aggregation {table.aggregation}", "Delete it, or choose COLLECT"
    if table.policy == "COLLECT" and table.aggregation not in (*AGGREGATIONS, "COUNT"):
        yield "its hit policy COLLECT has no aggregation", "Choose SUM, MIN, MAX or COUNT"
    if table.policy == "COLLECT" and table.aggregation in AGGREGATIONS:
        values = [value for row in table.rows for value in row.outputs.values()]
        if len(table.outputs) > 1 or not all(isinstance(value, float) for value in values):
            yield (
                f"{table.aggregation} needs one output column, of numbers",
                "Choose COUNT, or delete the other columns",
            )
    for row in table.rows if table.policy != "COLLECT" else ():
        if all(cell is ANYTHING for cell in row.cells):
            yield (
                f"row {row.number} matches everything, also unforeseen cases, which go unnoticed",
                "Write conditions in its cells",
            )


def _check_inputs(table: Table, found: Mapping[str, Table], declared: Declared) -> Iterator[tuple[str, str]]:
    for missing in sorted(table.requires - found.keys()):
        yield f"it requires the decision {missing}, which isn't in the file", "Draw it, or delete the connection"
    for place, column in enumerate(table.inputs):
        named = [(row.number, text) for row in table.rows for text in sorted(row.cells[place].texts)]
        if column.name in found:
            if column.name not in table.requires:
                yield f"column “{column.label}” isn't connected with the decision {column.name}", "Draw the connection"
            known: Iterable[Value] = {each for row in found[column.name].rows for each in row.outputs.values()}
        elif column.name in declared.variables:
            known = declared.variables[column.name].values
        else:
            hint = did_you_mean(column.name, [*declared.variables, *found])
            yield (
                f"column “{column.label}”: there is no variable {column.name}{hint}",
                declaration_hint(declared.variables),
            )
            continue
        for number, text in named if known else ():
            if text not in known:
                hint = did_you_mean(text, map(str, known))
                wrong = f"row {number}, column “{column.label}”: there is no code “{text}”{hint}"
                yield wrong, f"Write one of {', '.join(sorted(map(str, known)))}"


def _check_outputs(table: Table, declared: Declared) -> Iterator[tuple[str, str]]:
    for row in table.rows:
        for name, value in row.outputs.items():
            codes = declared.variables[name].values if name in declared.variables else ()
            if codes and value not in codes:
                wrong = f"row {row.number}: {name} has no code “{value}”{did_you_mean(str(value), codes)}"
                yield wrong, f"Write one of {', '.join(codes)}, or add the code in {declared.variables.source}"


def _check_paths(table: Table, paths: PathSearch) -> Iterator[tuple[str, str]]:
    """Yield problems on the paths through a decision: gaps, overlaps, rows that never match."""
    gaps: list[DecisionPath] = []
    overlaps: dict[tuple[int, ...], DecisionPath] = {}
    used: set[int] = set()
    for number, path in enumerate(paths.find_paths(table)):
        if number == MAX_PATHS:
            yield f"it has more than {MAX_PATHS} paths, too many to check", "Divide it into several decisions"
            return
        used |= {row.number for row in path.rows}
        if not path.rows:
            gaps.append(path)
        elif _is_contradictory(table, path.rows):
            overlaps.setdefault(tuple(row.number for row in path.rows), path)
    yield from _report_gaps(table, gaps)
    for numbers, path in list(overlaps.items())[:MAX_REPORTED]:
        wrong = f"rows {_join(numbers)} all match {_describe_path(path)}{_count_note(overlaps, 'overlaps')}"
        yield wrong, "Change them, so that they exclude each other"
    for row in table.rows:
        if row.number not in used:
            yield f"row {row.number} never matches: earlier rows match all its cases", "Delete it, or move or change it"


def _report_gaps(table: Table, gaps: list[DecisionPath]) -> Iterator[tuple[str, str]]:
    for path in gaps[:MAX_REPORTED]:
        yield f"no row matches {_describe_path(path)}{_count_note(gaps, 'gaps')}", "Add a row for it, or widen one"


def _is_contradictory(table: Table, rows: list[Row]) -> bool:
    if table.policy == "UNIQUE":
        return len(rows) > 1
    return table.policy == "ANY" and len({tuple(row.outputs.items()) for row in rows}) > 1


def _count_note(found: Sized, what: str) -> str:
    return f" (one of {len(found)} {what})" if len(found) > MAX_REPORTED else ""


def _join(numbers: Sequence[int]) -> str:
    return f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def _describe_path(path: DecisionPath) -> str:
    return ", ".join(f"{name} = {_quote_value(value)}" for name, value in path.known.items()) or "any answers"


def _quote_value(value: Value) -> str:
    return f"“{value}”" if isinstance(value, str) else format_value(value)
