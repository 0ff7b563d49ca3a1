"""Fetched tasks and their states."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

from camunda7.worker.context import Cancelled, Context

# types of a fetched task's fields; all but the first two may be missing or null
_TYPES = {
    "id": str | None,
    "topicName": str | None,
    "businessKey": str | None,
    "priority": int | None,
    "retries": int | None,
    "extensionProperties": dict | None,
}


def is_task(raw: Any, topics: Collection[str]) -> bool:
    """Whether an item of a poll's response is a valid task of one of these topics."""
    if not isinstance(raw, dict) or raw.get("id") is None:
        return False
    is_typed = all(isinstance(raw.get(name), kind) for name, kind in _TYPES.items())
    return is_typed and raw.get("topicName") in topics


class TaskState(StrEnum):
    """State of a task between its fetch and the end of its delivery. StrEnum has a faster hash than Enum."""

    FETCHED = "waits for a slot"
    RUNNING = "its handler runs"
    REPORT_PENDING = "its report waits to be sent or retried"
    REPORTING = "its report is being sent"
    DONE = "its delivery has ended"
    LOST = "this process has lost its lock"


# transitions of Task.enter(); Task.lose() leads from all but DONE to LOST. docs/reference/workers.md has a diagram
TRANSITIONS: dict[TaskState, frozenset[TaskState]] = {
    # a queued task is unlocked without running its handler
    TaskState.FETCHED: frozenset({TaskState.RUNNING, TaskState.REPORT_PENDING}),
    TaskState.RUNNING: frozenset({TaskState.REPORT_PENDING}),
    # the report is dropped: the task was deleted, or can't be unlocked
    TaskState.REPORT_PENDING: frozenset({TaskState.REPORTING, TaskState.DONE}),
    TaskState.REPORTING: frozenset({TaskState.REPORT_PENDING, TaskState.DONE}),
    TaskState.DONE: frozenset(),
}


class InvalidTransition(RuntimeError):
    """A state can't follow the task's current one: a defect of the runtime."""


class Task:
    """A fetched task. Thread-safe.

    Attributes:
        raw: item of fetchAndLock's response.
        properties: extension properties of the BPMN task.
        locked_at: when its lock was last renewed, by time.monotonic(); no later than by the engine's clock.
        context: of its handler; None until attach().
        next_delivery: a delivery that was fetched before the response to this one's report arrived.
    """

    def __init__(self, raw: Mapping[str, Any], locked_at: float):
        self.raw = raw
        self.id: str = raw["id"]
        self.topic: str = raw["topicName"]
        self.business_key: str | None = raw.get("businessKey")
        self.priority: int = raw.get("priority") or 0
        self.retries: int | None = raw.get("retries")
        self.properties: dict[str, str | None] = dict(raw.get("extensionProperties") or {})
        self.locked_at = locked_at
        self.context: Context | None = None
        self.next_delivery: Task | None = None
        self._state = TaskState.FETCHED
        self._guard = threading.Lock()

    @property
    def state(self) -> TaskState:
        return self._state

    @property
    def is_lost(self) -> bool:
        return self._state is TaskState.LOST

    @property
    def may_extend_lock(self) -> bool:
        """Whether the lock may be renewed: not during a report, which the engine would refuse as a conflict."""
        return self._state in (TaskState.FETCHED, TaskState.RUNNING, TaskState.REPORT_PENDING)

    def enter(self, state: TaskState) -> bool:
        """Enter the next state; a lost task stays lost, and False is returned.

        Raises:
            InvalidTransition: the state can't follow that of the task.
        """
        with self._guard:
            # another thread may lose a task at any moment
            if self._state is TaskState.LOST:
                return False
            if state not in TRANSITIONS[self._state]:
                raise InvalidTransition(f"{self._state.name} to {state.name}")
            self._state = state
            return True

    def lose(self) -> bool:
        """Cancel the handler and its report; returns False if the task is already lost or done."""
        with self._guard:
            if self._state in (TaskState.DONE, TaskState.LOST):
                return False
            self._state = TaskState.LOST
            if self.context:
                self.context.cancel()
            return True

    def attach(self, context: Context) -> None:
        """Attach the handler's context, which is cancelled when the task is lost.

        Raises:
            Cancelled: the task is already lost.
        """
        with self._guard:
            if self._state is TaskState.LOST:
                raise Cancelled
            self.context = context

    def note_delivery(self, redelivery: Task) -> bool:
        """Note that this process has fetched the task a second time; returns False if the first delivery was lost.

        The fetch has renewed the lock. It is another delivery only if a report may have reached the engine.
        """
        with self._guard:
            if self._state is TaskState.LOST:
                return False
            self.locked_at = redelivery.locked_at
            has_reported = self._state in (TaskState.REPORTING, TaskState.DONE)
            self.next_delivery = redelivery if has_reported else None
            return True

    @property
    def labels(self) -> dict[str, Any]:
        """Key=value pairs of the task's log lines."""
        return {"topic": self.topic, "case": self.business_key, "task": self.id}
