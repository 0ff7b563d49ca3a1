"""Rehearsal of a changed decision: lists recent cases for which it gives another result, without changing them.

The engine's history has inputs and outputs of each evaluation. The deployed decision and the changed one are evaluated
here with the same inputs. If the deployed one gives another result here than in the engine, the rehearsal is an error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from camunda7.engine import Engine
from camunda7.expressions.unary_tests import Value, format_value
from camunda7.lint import tables
from camunda7.lint.files import FileError, read_decisions
from camunda7.lint.paths import Decisions, Gap
from camunda7.lint.tables import DMN, Table, TableError
from camunda7.release.changes import running

__all__ = ["Evaluation", "Rehearsal", "RehearsalError", "as_text", "read_tables", "rehearse"]

BATCH_SIZE = 500
NOTHING = "nothing"
Outputs = Mapping[str, Value]
Row = dict[str, Any]
Progress = Callable[[Iterable[Row], str, int], Iterable[Row]]


class RehearsalError(Exception):
    """The rehearsal isn't possible; the message has the reason."""


@dataclass(frozen=True)
class Evaluation:
    """An evaluation of a decision in the engine's history.

    Attributes:
        version: id of the decision definition.
        answers: values of its input variables.
        outputs: values by name of the output column.
    """

    business_key: str
    version: str
    answers: Mapping[str, Value]
    outputs: Outputs


@dataclass
class Rehearsal:
    """Result of the rehearsal of one decision.

    Attributes:
        evaluated: number of evaluations that were repeated.
        changed: references of cases, by column, old and new output.
        undecidable: number of evaluations for which the changed decision needs an input that the case doesn't have.
    """

    decision: str
    evaluated: int = 0
    changed: dict[tuple[str, str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    undecidable: int = 0


class _Answers:
    def __init__(self, answers: Mapping[str, Value]):
        self._answers = answers

    def value(self, name: str) -> Value:
        return self._answers[name]


def rehearse(
    engine: Engine,
    deployment: str,
    file: Path,
    limit: int,
    progress: Progress = lambda roots, label, count: roots,
) -> list[Rehearsal]:
    """Repeat the latest evaluations of decisions with a changed file.

    Args:
        engine: with an account that may read patients' answers.
        deployment: name of the deployments, the latest of which has the deployed file.
        limit: maximum number of evaluations of each decision.
        progress: wraps an iteration, given its label and length, to show the progress.

    Raises:
        RehearsalError: the file isn't deployed or can't be evaluated here, or the deployed one gives other results
            here.
    """
    newest = running.latest_deployment_id(engine, deployment)
    runs = running.download_files(engine, newest).get(file.name) if newest else None
    if runs is None:
        raise RehearsalError(f"{file.name} isn't deployed: rehearse a file with the name of a deployed one")
    before, after = read_tables(file.name, runs), read_tables(file.name, file.read_bytes())
    versions = {each["key"]: each["id"] for each in engine.get("/decision-definition", latestVersion=True)}
    found = []
    for key in sorted(before.keys() & after.keys()):
        evaluations = list(_read_evaluations(engine, key, before, limit, progress))
        if evaluations:
            found.append(_compare(key, evaluations, versions[key], before, after))
    return found


def as_text(rehearsal: Rehearsal) -> Iterator[str]:
    """Yield the lines of a report: number of evaluations, then each change with its cases."""
    cases = {reference for references in rehearsal.changed.values() for reference in references}
    evaluations = f"{rehearsal.decision}: {rehearsal.evaluated} evaluations repeated"
    yield f"{evaluations}, another result for {len(cases)} cases"
    for (name, old, new), references in sorted(rehearsal.changed.items()):
        yield f"  {name}: {old} → {new}: {len(references)}"
        yield f"    {', '.join(sorted(references))}"
    if rehearsal.undecidable:
        yield f"  {rehearsal.undecidable} not evaluated: the changed decision needs an input that they don't have"


def read_tables(name: str, content: bytes) -> dict[str, Table]:
    """Read the decisions of a file, by id.

    Raises:
        RehearsalError: a decision can't be read.
    """
    try:
        return {each.id: each for each in map(tables.read, read_decisions(content).iter(DMN + "decision"))}
    except (FileError, TableError) as error:
        raise RehearsalError(f"{name}: {error}; `make check` says more") from None


def _read_evaluations(
    engine: Engine, key: str, found: Mapping[str, Table], limit: int, progress: Progress
) -> Iterator[Evaluation]:
    """Yield the latest evaluations of a root decision, with the inputs of the decisions that it requires."""
    of = {"decisionDefinitionKey": key, "rootDecisionInstancesOnly": True}
    last = {"sortBy": "evaluationTime", "sortOrder": "desc", "maxResults": limit}
    roots = engine.get("/history/decision-instance", includeInputs=True, includeOutputs=True, **of, **last)
    # an evaluation by the REST API has no process instance
    references = _references(engine, {each["processInstanceId"] for each in roots} - {None})
    # an erasure or the history clean-up may have deleted the case between the two queries
    roots = [each for each in roots if each["processInstanceId"] in references]
    for root in progress(roots, found[key].name, len(roots)) if roots else ():
        parts = engine.get("/history/decision-instance", rootDecisionInstanceId=root["id"], includeInputs=True)
        answers = {name: value for part in parts for name, value in _answers(part, found)}
        outputs = {output["variableName"]: _value(output["value"]) for output in root["outputs"]}
        yield Evaluation(references[root["processInstanceId"]], root["decisionDefinitionId"], answers, outputs)


def _answers(part: Row, found: Mapping[str, Table]) -> Iterator[tuple[str, Value]]:
    """Yield the input variables of an evaluation, found by the labels of the decision's columns."""
    table = found.get(part["decisionDefinitionKey"])
    names = {column.label: column.name for column in table.inputs} if table else {}
    for column in part["inputs"]:
        name = names.get(column["clauseName"])
        if name and name not in found and column["value"] is not None:
            yield name, _value(column["value"])


def _value(value: Any) -> Value:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _references(engine: Engine, instances: Iterable[str]) -> dict[str, str]:
    """Return the case reference of each process instance that exists."""
    ids = sorted(instances)
    found = []
    for start in range(0, len(ids), BATCH_SIZE):
        found += engine.post("/history/process-instance", {"processInstanceIds": ids[start : start + BATCH_SIZE]})
    return {each["id"]: each["businessKey"] for each in found}


def _compare(
    key: str, evaluations: Iterable[Evaluation], version: str, before: Mapping[str, Table], after: Mapping[str, Table]
) -> Rehearsal:
    rehearsal = Rehearsal(before[key].name)
    for each in evaluations:
        old = _evaluate(before, key, each.answers)
        if each.version == version and old != each.outputs:
            raise RehearsalError(f"{key}: the engine's result for {each.business_key} is {each.outputs}, not {old}")
        rehearsal.evaluated += 1
        try:
            new = _evaluate(after, key, each.answers)
        except KeyError:
            rehearsal.undecidable += 1
            continue
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                change = (name, _format_output(old.get(name)), _format_output(new.get(name)))
                rehearsal.changed[change].append(each.business_key)
    return rehearsal


def _evaluate(found: Mapping[str, Table], key: str, answers: Mapping[str, Value]) -> Outputs:
    """Evaluate a decision; empty if it has a gap."""
    try:
        rows = Decisions(found).rows(found[key], _Answers(answers))
    except Gap:
        rows = []
    return rows[0].outputs if rows else {}


def _format_output(value: Value | None) -> str:
    return NOTHING if value is None else format_value(value)
