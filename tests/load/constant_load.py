"""A constant load of running cases: when one ends another is started, and all open forms are filled in."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from camunda7.engine import EngineRefused
from camunda7.names import form_key
from processes.cases import new_reference, start_case
from processes.elements import Process
from processes.engine import Engine
from tests.faults.people import form_values
from tests.support.case import WITH_COUGH, load_policy

RUNNING_CASES = 40
THREADS = 4
POLL_INTERVAL_S = 0.25


class ConstantLoad:
    """Runs positive cases from start to end.

    Args:
        state: URLs and accounts of the platform, as in .run/state.json.

    Attributes:
        ended: number of ended cases.
    """

    def __init__(self, state: Mapping[str, Any]):
        admin = state["accounts"]["admin"]
        self.engine = Engine(state["engine"], admin["username"], admin["password"])
        self.ended = 0
        self._policy = load_policy()
        self._open: set[str] = set()
        self._filled_in: set[str] = set()
        self._pool = ThreadPoolExecutor(THREADS)

    def drive(self, no_more: threading.Event) -> None:
        """Start cases and fill in forms until `no_more` is set and all cases have ended."""
        with self._pool:
            while self._open or not no_more.is_set():
                if not no_more.is_set():
                    self._start(RUNNING_CASES - len(self._open))
                self._fill_in()
                self._count_ended()
                time.sleep(POLL_INTERVAL_S)

    def _start(self, count: int) -> None:
        references = [new_reference() for _ in range(count)]
        list(self._pool.map(lambda each: start_case(self.engine, each, WITH_COUGH, self._policy), references))
        self._open |= set(references)

    def _fill_in(self) -> None:
        found = self.engine.post("/task", {"processInstanceBusinessKeyIn": list(self._open)})
        tasks = [task for task in found if form_key(task) and task["id"] not in self._filled_in]
        if not tasks:
            return
        instances = {task["processInstanceId"] for task in tasks}
        rows = self.engine.post("/process-instance", {"processInstanceIds": list(instances)})
        references = {row["id"]: row["businessKey"] for row in rows}
        list(self._pool.map(lambda task: self._submit(task, references.get(task["processInstanceId"])), tasks))

    def _submit(self, task: dict[str, Any], reference: str | None) -> None:
        if reference is None:
            return
        try:
            self.engine.submit(task["id"], form_values(form_key(task), reference))
        except EngineRefused:
            if self.engine.has_task(task["id"]):
                raise
        self._filled_in.add(task["id"])

    def _count_ended(self) -> None:
        query = {"processDefinitionKey": Process.CORONA_CARE, "processInstanceBusinessKeyIn": list(self._open)}
        rows = self.engine.post("/history/process-instance", {**query, "finished": True})
        self.ended += len(rows)
        self._open -= {row["businessKey"] for row in rows}


@contextmanager
def constant_load(state: Mapping[str, Any]) -> Iterator[ConstantLoad]:
    """Run cases within the context, and wait until all have ended."""
    load, no_more = ConstantLoad(state), threading.Event()
    with ThreadPoolExecutor(1) as driver:
        driving = driver.submit(load.drive, no_more)
        try:
            yield load
        finally:
            no_more.set()
        driving.result()
