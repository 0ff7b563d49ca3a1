"""So many cases on their way at once: as one ends another starts, and whatever form one asks for is filled in."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from camunda7.engine import EngineRefused
from config import settings as config
from processes.cases import new_reference, start_case
from processes.elements import Process
from processes.engine import Engine
from tests.faults.people import answers_to
from tests.support.case import WITH_COUGH

ON_THEIR_WAY = 40
AT_ONCE = 4
LOOKS_EVERY_S = 0.25


class Crowd:
    """Takes positive cases the whole road.

    Args:
        state: where everything is, as .run/state.json says.

    Attributes:
        ended: how many cases have.
    """

    def __init__(self, state: Mapping[str, Any]):
        who = state["accounts"]["admin"]
        self.engine = Engine(state["engine"], who["username"], who["password"])
        self.ended = 0
        self._policy = config.load().policy.model_dump()
        self._open: set[str] = set()
        self._filled_in: set[str] = set()
        self._pool = ThreadPoolExecutor(AT_ONCE)

    def drive(self, no_more: threading.Event) -> None:
        """Go on until there are to be no more cases and all have ended."""
        with self._pool:
            while self._open or not no_more.is_set():
                if not no_more.is_set():
                    self._start(ON_THEIR_WAY - len(self._open))
                self._fill_in()
                self._look_for_ends()
                time.sleep(LOOKS_EVERY_S)

    def _start(self, count: int) -> None:
        references = [new_reference() for _ in range(count)]
        list(self._pool.map(lambda each: start_case(self.engine, each, WITH_COUGH, self._policy), references))
        self._open |= set(references)

    def _fill_in(self) -> None:
        found = self.engine.post("/task", {"processInstanceBusinessKeyIn": list(self._open)})
        tasks = [task for task in found if task.get("camundaFormRef") and task["id"] not in self._filled_in]
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
            self.engine.submit(task["id"], answers_to(task["camundaFormRef"]["key"], reference))
        except EngineRefused:
            if self.engine.has_task(task["id"]):
                raise
        self._filled_in.add(task["id"])

    def _look_for_ends(self) -> None:
        query = {"processDefinitionKey": Process.CORONA_CARE, "processInstanceBusinessKeyIn": list(self._open)}
        rows = self.engine.post("/history/process-instance", {**query, "finished": True})
        self.ended += len(rows)
        self._open -= {row["businessKey"] for row in rows}


@contextmanager
def on_their_way(state: Mapping[str, Any]) -> Iterator[Crowd]:
    """Cases go their way meanwhile; all have ended afterwards."""
    crowd, no_more = Crowd(state), threading.Event()
    with ThreadPoolExecutor(1) as driver:
        driving = driver.submit(crowd.drive, no_more)
        try:
            yield crowd
        finally:
            no_more.set()
        driving.result()
