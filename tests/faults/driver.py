"""Many cases at once, as patients and staff would drive them: starts them and fills in whatever is asked for.

What the engine has acknowledged is noted in a ledger of the driver's own.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from camunda7.engine import EngineError, EngineRefused, EngineUnavailable
from config import settings as config
from processes.cases import new_reference, start_case
from processes.elements import Process
from processes.engine import Engine
from tests.faults.ledger import Ledger
from tests.faults.people import answers_to
from tests.support.case import WITH_COUGH

AT_ONCE = 8
# more would wait for one another, and hide how long what was hit takes
MOST_OPEN = 40
PAGE = 2000


class Driver:
    """Takes cases to their end.

    Args:
        state: where everything is, as .run/state.json says.

    Attributes:
        attempted: how many cases were to be started.
        acknowledged: references of the cases whose start the engine has acknowledged.
        most_open: as many cases as go on at once.
        goes_on: whether a case is to fill in a form that it is asked for now; else it rests.
        asked_again: references and ids of the tasks for which something was asked again, for no answer had come.
    """

    def __init__(self, state: Mapping[str, Any], ledger: Ledger):
        who = state["accounts"]["admin"]
        self.engine = Engine(state["engine"], who["username"], who["password"])
        self._ledger = ledger
        self._policy = config.load().policy.model_dump()
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._starters = ThreadPoolExecutor(AT_ONCE // 2)
        self._references: dict[str, str] = {}
        self._taken: set[str] = set()
        self._guard = threading.Lock()
        self.began_at = time.time()
        self._starting: list[Future[None]] = []
        self._closing = threading.Event()
        self.attempted = 0
        self.acknowledged: list[str] = []
        self.most_open = MOST_OPEN
        self.goes_on: Callable[[str], bool] = lambda reference: True
        self.asked_again: set[str] = set()

    def start(self, count: int) -> list[str]:
        """Have so many cases started as soon as there is room for them; returns their references."""
        references = [new_reference() for _ in range(count)]
        self.start_these(references)
        return references

    def start_these(self, references: list[str]) -> None:
        self.attempted += len(references)
        self._starting += [self._starters.submit(self._start, reference) for reference in references]

    def drive(self, no_more: threading.Event, idle_s: float) -> None:
        """Fill in the forms of all cases until no more start and all have ended, or until stop() is called.

        Args:
            idle_s: gives up after as many seconds in which no form was asked for.
        """
        gives_up_at = time.monotonic() + idle_s
        while time.monotonic() < gives_up_at and not self._closing.is_set():
            try:
                if self._fill_in():
                    gives_up_at = time.monotonic() + idle_s
                elif no_more.is_set() and self._all_started() and not self.open():
                    return
            except EngineUnavailable:
                time.sleep(0.2)

    def _all_started(self) -> bool:
        """Whether nothing is left to start; raises what kept a case from it."""
        return not [each for each in self._starting if not each.done() or each.result()]

    def open(self) -> int:
        """How many cases go on."""
        query = {"processDefinitionKey": Process.CORONA_CARE, "unfinished": True}
        return self.engine.post("/history/process-instance/count", query)["count"]

    def external_tasks(self) -> set[str]:
        """Ids of the external tasks that wait or are worked on."""
        return {task["id"] for task in self.engine.get("/external-task", withRetriesLeft=True)}

    def ended(self) -> dict[str, list[str | None]]:
        """References of the cases that have ended, and how each of their instances has."""
        query = {"processDefinitionKey": Process.CORONA_CARE, "finished": True}
        found = self.engine.post("/history/process-instance", query)
        values = self.engine.post(
            "/history/variable-instance", {"variableName": "case_outcome", "processDefinitionKey": Process.CORONA_CARE}
        )
        outcomes = {row["processInstanceId"]: row["value"] for row in values}
        ended = defaultdict(list)
        for instance in found:
            ended[instance["businessKey"]].append(outcomes.get(instance["id"]))
        return ended

    def stop(self) -> None:
        """Have drive() return, and start no more cases."""
        self._closing.set()

    def delete_open(self) -> None:
        """Delete all cases that go on, as far as the engine answers."""
        with contextlib.suppress(EngineError):
            for instance in self.engine.post("/process-instance", {"processDefinitionKey": Process.CORONA_CARE}):
                self.engine.delete(f"/process-instance/{instance['id']}?skipCustomListeners=true")

    def close(self) -> None:
        """Start no more cases; those that wait for capacity never start, and the report counts them."""
        self.stop()
        self._starters.shutdown(cancel_futures=True)
        self._pool.shutdown(cancel_futures=True)

    def _start(self, reference: str) -> None:
        while not self._closing.is_set():
            try:
                if self.open() >= self.most_open:
                    self._closing.wait(0.5)
                    continue
                start_case(self.engine, reference, WITH_COUGH, self._policy)
            except EngineUnavailable:
                # it may have started: asked for again, it starts once
                self.asked_again.add(reference)
                self._closing.wait(0.2)
                continue
            self._ledger.note(kind="start", reference=reference)
            with self._guard:
                self.acknowledged.append(reference)
            return

    def _fill_in(self) -> int:
        """Fill in all forms that are asked for now; returns how many."""
        query = {"processDefinitionKeyIn": list(Process), "active": True}
        found = self.engine.post(f"/task?maxResults={PAGE}", query)
        tasks = [task for task in found if task["id"] not in self._taken and task.get("camundaFormRef")]
        self._learn_references({task["processInstanceId"] for task in tasks} - self._references.keys())
        submitted = sum(self._pool.map(self._submit, tasks))
        if not submitted:
            time.sleep(0.2)
        return submitted

    def _learn_references(self, instances: set[str]) -> None:
        if instances:
            found = self.engine.post("/process-instance", {"processInstanceIds": list(instances)})
            self._references |= {instance["id"]: instance["businessKey"] for instance in found}

    def _submit(self, task: dict[str, Any]) -> bool:
        reference, form = self._references.get(task["processInstanceId"]), task["camundaFormRef"]["key"]
        if reference is None or not self.goes_on(reference):
            return False
        try:
            self.engine.submit(task["id"], answers_to(form, reference))
        except EngineRefused as error:
            # gone: by our own hand if the answer was lost on its way
            if self.engine.has_task(task["id"]):
                raise AssertionError(f"{form} of {reference}: {error.message}") from error
        except EngineError:
            # looked at again when the engine is back
            self.asked_again.add(task["id"])
            return True
        self._taken.add(task["id"])
        self._ledger.note(kind="form", reference=reference, form=form, task=task["id"])
        return True
