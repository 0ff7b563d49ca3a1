"""Runs many cases at once, in place of patients and staff: starts them, and fills in the forms of their open tasks.

What the engine has acknowledged is recorded in the driver's own ledger.
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
from camunda7.names import form_key
from processes.cases import new_reference, start_case
from processes.elements import Process
from processes.engine import Engine
from tests.faults.ledger import Ledger
from tests.faults.people import form_values
from tests.support.case import WITH_COUGH, load_policy

AT_ONCE = 8
# more cases would wait for one another, and hide how long interrupted tasks take
MAX_OPEN = 40
PAGE = 2000


class Driver:
    """Starts cases and completes their user tasks.

    Args:
        state: URLs, accounts and keys of the platform, as in .run/state.json.

    Attributes:
        attempted: number of cases to start.
        acknowledged: references of the cases whose start the engine has acknowledged.
        max_open: maximum number of cases that run at once.
        may_continue: called with a case reference before a form is filled in; if it returns False the task stays open.
        retried: references of cases and ids of tasks whose request was repeated after it had no answer.
    """

    def __init__(self, state: Mapping[str, Any], ledger: Ledger):
        who = state["accounts"]["admin"]
        self.engine = Engine(state["engine"], who["username"], who["password"])
        self._ledger = ledger
        self._policy = load_policy()
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._starters = ThreadPoolExecutor(AT_ONCE // 2)
        self._references: dict[str, str] = {}
        self._submitted: set[str] = set()
        self._guard = threading.Lock()
        self.began_at = time.time()
        self._starting: list[Future[None]] = []
        self._closing = threading.Event()
        self.attempted = 0
        self.acknowledged: list[str] = []
        self.max_open = MAX_OPEN
        self.may_continue: Callable[[str], bool] = lambda reference: True
        self.retried: set[str] = set()

    def start(self, count: int) -> list[str]:
        """Start `count` cases as soon as fewer than `max_open` run; returns their references."""
        references = [new_reference() for _ in range(count)]
        self.start_cases(references)
        return references

    def start_cases(self, references: list[str]) -> None:
        self.attempted += len(references)
        self._starting += [self._starters.submit(self._start, reference) for reference in references]

    def drive(self, no_more: threading.Event, idle_s: float) -> None:
        """Fill in the forms of all cases until stop() is called, or `no_more` is set and all cases have ended.

        Args:
            no_more: set when the test starts no more cases.
            idle_s: returns after this time without an open form.
        """
        deadline = time.monotonic() + idle_s
        while time.monotonic() < deadline and not self._closing.is_set():
            try:
                if self._fill_in():
                    deadline = time.monotonic() + idle_s
                elif no_more.is_set() and self._all_started() and not self.count_open():
                    return
            except EngineUnavailable:
                time.sleep(0.2)

    def _all_started(self) -> bool:
        """Whether all cases have been started; raises the error that prevented a start."""
        return not [each for each in self._starting if not each.done() or each.result()]

    def count_open(self) -> int:
        """Number of running cases."""
        query = {"processDefinitionKey": Process.CORONA_CARE, "unfinished": True}
        return self.engine.post("/history/process-instance/count", query)["count"]

    def external_tasks(self) -> set[str]:
        """Ids of the open external tasks with retries left, locked or not."""
        return {task["id"] for task in self.engine.get("/external-task", withRetriesLeft=True)}

    def ended(self) -> dict[str, list[str | None]]:
        """The outcomes of the ended process instances, by case reference."""
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
        """Make drive() return, and start no more cases."""
        self._closing.set()

    def delete_open(self) -> None:
        """Delete all running cases; errors of the engine are ignored."""
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
                if self.count_open() >= self.max_open:
                    self._closing.wait(0.5)
                    continue
                start_case(self.engine, reference, WITH_COUGH, self._policy)
            except EngineUnavailable:
                # the case may have been started: a repeated start with the same reference starts no second one
                self.retried.add(reference)
                self._closing.wait(0.2)
                continue
            self._ledger.append(kind="start", reference=reference)
            with self._guard:
                self.acknowledged.append(reference)
            return

    def _fill_in(self) -> int:
        """Fill in all open forms; returns their number."""
        query = {"processDefinitionKeyIn": list(Process), "active": True}
        found = self.engine.post(f"/task?maxResults={PAGE}", query)
        tasks = [task for task in found if task["id"] not in self._submitted and form_key(task)]
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
        reference, form = self._references.get(task["processInstanceId"]), form_key(task)
        if reference is None or not self.may_continue(reference):
            return False
        try:
            self.engine.submit(task["id"], form_values(form, reference))
        except EngineRefused as error:
            # a refused task that doesn't exist was completed by an earlier request whose answer was lost
            if self.engine.has_task(task["id"]):
                raise AssertionError(f"{form} of {reference}: {error.message}") from error
        except EngineError:
            # the next call of _fill_in submits it again if it is still open
            self.retried.add(task["id"])
            return True
        self._submitted.add(task["id"])
        self._ledger.append(kind="form", reference=reference, form=form, task=task["id"])
        return True
