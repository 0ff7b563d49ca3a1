"""`make learn` learns parameters from the running platform; `make event-log` exports its event log, without persons.

Both read the engine's history with the account of a process manager, who can't see a patient's data, and the KPI rows.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from camunda7.engine import EngineError
from camunda7.variables import ENGINE_TIME
from config.settings import ROOT, Settings, load
from kpi.rows import CaseRow
from processes.cases import find_references
from processes.elements import Process, SubProcess
from processes.engine import Engine
from records import database
from simulation.diagrams import Diagrams, read_diagrams
from simulation.event_log import MIN_CASES, LogEvent, create_log, to_ocel, to_xes
from simulation.learning import CaseRecord, TaskRecord, learn
from simulation.parameters import LEARNT, load_defaults
from stack import state

# records of a step and claims that are read at most, the latest first; cases of a query
MAX_ROWS, BATCH = 5000, 500
# kinds of activities in an event log: what people, workers and the laboratory did
LOGGED = {"userTask", "serviceTask", "receiveTask"}
SAMPLES = {Process.TAKE_SAMPLE, Process.TEST_SAMPLE}
CONTACT_SCOPE = f"{SubProcess.NOTIFY_CONTACT}:"


def read_tasks(engine: Engine, diagrams: Diagrams) -> Iterator[TaskRecord]:
    """Yield the latest completed user tasks of staff."""
    claims = _read_claims(engine)
    for task in diagrams.user_tasks.values():
        for row in _read_activities(engine, activityId=task.id) if task.role else ():
            created, completed = _moment(row["startTime"]), _moment(row["endTime"])
            yield TaskRecord(task.id, created, claims.get(row["taskId"]), completed)


def _read_claims(engine: Engine) -> dict[str, datetime]:
    """Return when each user task was claimed last."""
    query = {"operationType": "Claim", "property": "assignee", "sortBy": "timestamp", "sortOrder": "desc"}
    rows = engine.get("/history/user-operation", **query, maxResults=MAX_ROWS)
    return {row["taskId"]: _moment(row["timestamp"]) for row in reversed(rows)}


def read_cases() -> Iterator[CaseRecord]:
    """Yield the closed cases of the KPIs; the records' database must be open."""
    with database.database.connection_context():
        times = (CaseRow.evaluation_requested_at, CaseRow.closed_at)
        columns = (CaseRow.orientation, CaseRow.result, CaseRow.contacts_named, *times)
        query = CaseRow.select_real(*columns).order_by(CaseRow.id.desc()).limit(MAX_ROWS)
        rows: list[Any] = list(query.tuples())
        for orientation, result, contacts, requested, closed in rows:
            # a case that ends with its pre-screening has no request
            day = datetime.fromisoformat(started).date() if (started := requested or closed) else None
            yield CaseRecord(orientation, result, contacts, day)


def read_events(engine: Engine, diagrams: Diagrams) -> Iterator[LogEvent]:
    """Yield the latest completed activities of the pathway."""
    rows = [
        row
        for process in Process
        for row in _read_activities(engine, processDefinitionKey=process)
        if row["activityType"] in LOGGED and not row["canceled"]
    ]
    cases = _find_cases(engine, {row["processInstanceId"] for row in rows})
    samples, contacts = _Numbers(), _Numbers()
    for row in sorted(rows, key=lambda each: each["startTime"]):
        case = cases.get(row["processInstanceId"])
        if case is None:
            continue
        process = row["processDefinitionKey"]
        task = diagrams.user_tasks.get(row["activityId"])
        scope = row["parentActivityInstanceId"]
        is_contacts = scope.startswith(CONTACT_SCOPE)
        yield LogEvent(
            case,
            row["activityName"] or row["activityId"],
            _moment(row["endTime"]),
            task.role or "patient" if task else "",
            samples.find((case, process), row["processInstanceId"]) if process in SAMPLES else None,
            contacts.find((case, process), scope) if is_contacts else None,
        )


class _Numbers:
    """Numbers of things within their case, from 1, in the order of their first appearance."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)

    def find(self, case: tuple[str, str], thing: str) -> int:
        return self._known[case].setdefault(thing, len(self._known[case]) + 1)


def _read_activities(engine: Engine, **query: str) -> list[dict[str, Any]]:
    body = {**query, "finished": True, "sorting": [{"sortBy": "endTime", "sortOrder": "desc"}]}
    return engine.post(f"/history/activity-instance?maxResults={MAX_ROWS}", body)


def _find_cases(engine: Engine, instances: set[str]) -> dict[str | None, str]:
    ordered = sorted(instances)
    found: dict[str | None, str] = {}
    for start in range(0, len(ordered), BATCH):
        found |= find_references(engine, ordered[start : start + BATCH])
    return found


def _moment(text: str) -> datetime:
    return datetime.strptime(text, ENGINE_TIME)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m simulation.records", description=__doc__)
    parser.add_argument("what", choices=("learn", "xes", "ocel"))
    parser.add_argument("--min-cases", type=int, default=MIN_CASES, help="of a variant; rarer ones are left out")
    options = parser.parse_args(arguments)
    settings = load()
    running = state.read(settings.folder / state.FILE)
    if running is None:
        print("the platform isn't running: start it by make up", file=sys.stderr)
        return 1
    engine = Engine(running["engine"], **running["accounts"]["process_manager"])
    try:
        if options.what == "learn":
            print(_store_parameters(settings, engine))
        else:
            print(_store_log(settings.folder / "simulation", engine, options.what, options.min_cases))
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _store_parameters(settings: Settings, engine: Engine) -> Path:
    database.open(settings.records.database_url)
    diagrams = read_diagrams(ROOT)
    learnt = learn(load_defaults(), diagrams, read_tasks(engine, diagrams), read_cases())
    return _write(settings.folder / "simulation" / LEARNT, learnt.model_dump_json(indent=1))


def _store_log(folder: Path, engine: Engine, form: str, min_cases: int) -> Path:
    log = create_log(read_events(engine, read_diagrams(ROOT)), min_cases)
    print(f"{len(log.traces)} cases; {log.suppressed} with a rare variant are left out")
    if form == "xes":
        return _write(folder / "events.xes", to_xes(log))
    return _write(folder / "events.ocel.json", to_ocel(log))


def _write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.exit(main())
