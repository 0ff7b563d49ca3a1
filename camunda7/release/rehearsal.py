"""Recent cases through a changed decision, without touching them: for whom would it say something else?

What each case answered is in the engine's history, with what was decided. The decision as it runs and the changed one
are both taken again here, from the same answers. If the one that runs says something else than the engine did, nothing
is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from camunda7.engine import Engine
from camunda7.expressions.unary_tests import Value, shown
from camunda7.lint import tables
from camunda7.lint.files import FileError, read_decisions
from camunda7.lint.paths import Decisions, Gap
from camunda7.lint.tables import DMN, Table, TableError
from camunda7.release.changes import running

AT_ONCE = 500
NOTHING = "nothing"
Said = Mapping[str, Value]
Row = dict[str, Any]
Progress = Callable[[Iterable[Row], str, int], Iterable[Row]]


class RehearsalError(Exception):
    """Nothing can be told; the message says why."""


@dataclass(frozen=True)
class Taken:
    """A decision that the engine has taken.

    Attributes:
        version: the id of the decision's version.
        answers: the variables that it looked at.
        said: what it said, by the columns' names.
    """

    business_key: str
    version: str
    answers: Mapping[str, Value]
    said: Said


@dataclass
class Rehearsal:
    """What would come out.

    Attributes:
        looked_at: how many decisions were taken again.
        changed: references of cases, by column, and what it said before and after.
        untold: of so many the changed decision looks at something that they weren't asked.
    """

    decision: str
    looked_at: int = 0
    changed: dict[tuple[str, str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    untold: int = 0


class _Given:
    def __init__(self, answers: Mapping[str, Value]):
        self._answers = answers

    def value(self, name: str) -> Value:
        return self._answers[name]


def rehearse(
    engine: Engine,
    deployment: str,
    process: str,
    file: Path,
    most: int,
    progress: Progress = lambda roots, what, count: roots,
) -> list[Rehearsal]:
    """Take the last decisions again, with a changed file of decisions.

    Args:
        engine: signed in as somebody who may read what patients answered.
        deployment: the name of the deployments, of which the last one runs.
        process: the key of the process whose decisions are taken again.
        most: so many of each decision.
        progress: hands on what it is given, and shows of which decision that is, and how many of so many are done.

    Raises:
        RehearsalError: the file isn't one that runs, can't be followed, or the decisions as they run aren't.
    """
    newest = running.newest(engine, deployment)
    runs = running.files_of(engine, newest).get(file.name) if newest else None
    if runs is None:
        raise RehearsalError(f"{file.name} isn't deployed: rehearse a file that has the name of one that runs")
    before, after = read_tables(file.name, runs), read_tables(file.name, file.read_bytes())
    versions = {each["key"]: each["id"] for each in engine.get("/decision-definition", latestVersion=True)}
    found = []
    for key in sorted(before.keys() & after.keys()):
        taken = list(_taken(engine, process, key, before, most, progress))
        if taken:
            found.append(_compared(key, taken, versions[key], before, after))
    return found


def as_text(rehearsal: Rehearsal) -> Iterator[str]:
    cases = {reference for references in rehearsal.changed.values() for reference in references}
    times = f"{rehearsal.decision}: taken again {rehearsal.looked_at} times"
    yield f"{times}, for {len(cases)} cases it says something else"
    for (name, old, new), references in sorted(rehearsal.changed.items()):
        yield f"  {name}: {old} → {new}: {len(references)}"
        yield f"    {', '.join(sorted(references))}"
    if rehearsal.untold:
        yield f"  of {rehearsal.untold} it looks at something that they weren't asked: nothing is told of them"


def read_tables(name: str, content: bytes) -> dict[str, Table]:
    """The decisions of a file, by their ids.

    Raises:
        RehearsalError: one of them can't be read.
    """
    try:
        return {each.id: each for each in map(tables.read, read_decisions(content).iter(DMN + "decision"))}
    except (FileError, TableError) as error:
        raise RehearsalError(f"{name}: {error}; `make check` says more") from None


def _taken(
    engine: Engine, process: str, key: str, found: Mapping[str, Table], most: int, progress: Progress
) -> Iterator[Taken]:
    """The last times that a decision was taken by itself, each with what the decisions that it needs looked at."""
    of = {"decisionDefinitionKey": key, "processDefinitionKey": process, "rootDecisionInstancesOnly": True}
    last = {"sortBy": "evaluationTime", "sortOrder": "desc", "maxResults": most}
    roots = engine.get("/history/decision-instance", includeInputs=True, includeOutputs=True, **of, **last)
    references = _references(engine, {each["processInstanceId"] for each in roots})
    # an erasure, or the engine's clean-up of history, may have deleted the case between the two queries
    roots = [each for each in roots if each["processInstanceId"] in references]
    for root in progress(roots, found[key].name, len(roots)) if roots else ():
        parts = engine.get("/history/decision-instance", rootDecisionInstanceId=root["id"], includeInputs=True)
        answers = {name: value for part in parts for name, value in _answers(part, found)}
        said = {output["variableName"]: _value(output["value"]) for output in root["outputs"]}
        yield Taken(references[root["processInstanceId"]], root["decisionDefinitionId"], answers, said)


def _answers(part: Row, found: Mapping[str, Table]) -> Iterator[tuple[str, Value]]:
    """The variables that a decision looked at, by the labels of its columns."""
    table = found.get(part["decisionDefinitionKey"])
    names = {column.label: column.name for column in table.inputs} if table else {}
    for column in part["inputs"]:
        name = names.get(column["clauseName"])
        if name and name not in found and column["value"] is not None:
            yield name, _value(column["value"])


def _value(value: Any) -> Value:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _references(engine: Engine, instances: Iterable[str]) -> dict[str, str]:
    """The case of each process instance."""
    ids = sorted(instances)
    found = []
    for start in range(0, len(ids), AT_ONCE):
        found += engine.post("/history/process-instance", {"processInstanceIds": ids[start : start + AT_ONCE]})
    return {each["id"]: each["businessKey"] for each in found}


def _compared(
    key: str, taken: Iterable[Taken], version: str, before: Mapping[str, Table], after: Mapping[str, Table]
) -> Rehearsal:
    rehearsal = Rehearsal(before[key].name)
    for each in taken:
        old = _said(before, key, each.answers)
        if each.version == version and old != each.said:
            raise RehearsalError(f"{key}: the engine said {each.said} for {each.business_key}, and not {old}")
        rehearsal.looked_at += 1
        try:
            new = _said(after, key, each.answers)
        except KeyError:
            rehearsal.untold += 1
            continue
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                change = (name, _shown(old.get(name)), _shown(new.get(name)))
                rehearsal.changed[change].append(each.business_key)
    return rehearsal


def _said(found: Mapping[str, Table], key: str, answers: Mapping[str, Value]) -> Said:
    """What a decision says; nothing where it has a gap."""
    try:
        rows = Decisions(found).rows(found[key], _Given(answers))
    except Gap:
        rows = []
    return rows[0].says if rows else {}


def _shown(value: Value | None) -> str:
    return NOTHING if value is None else shown(value)
