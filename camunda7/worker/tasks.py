"""A task while this process holds it, and the states that it passes through."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any

from camunda7.worker.context import Cancelled, Context

# of what the engine says of a task; all but the first two may be missing or null
_TYPES = {"id": str, "topicName": str, "businessKey": str, "priority": int, "retries": int, "extensionProperties": dict}


def is_task(raw: Any, topics: Collection[str]) -> bool:
    """Whether one item of an answer to a poll can be worked on: a task of one of these topics."""
    if not isinstance(raw, dict) or raw.get("id") is None:
        return False
    is_typed = all(isinstance(raw.get(name), kind | None) for name, kind in _TYPES.items())
    return is_typed and raw.get("topicName") in topics


class TaskState(Enum):
    """Where a task is between its fetch and the end of its delivery."""

    FETCHED = "waits for a slot"
    RUNNING = "its handler runs"
    REPORT_PENDING = "its report waits to be sent, or to be sent again"
    REPORTING = "its report is on its way to the engine"
    DONE = "nothing more is to be reported"
    LOST = "it isn't this process's any more"


# what Task.enter() allows; Task.lose() leads from all but DONE to LOST. docs/reference/workers.md draws both
TRANSITIONS: dict[TaskState, frozenset[TaskState]] = {
    # a task that is handed back is reported without a handler
    TaskState.FETCHED: frozenset({TaskState.RUNNING, TaskState.REPORT_PENDING}),
    TaskState.RUNNING: frozenset({TaskState.REPORT_PENDING}),
    # a report that is given up, as the task is gone or can't be handed back, is done without being sent again
    TaskState.REPORT_PENDING: frozenset({TaskState.REPORTING, TaskState.DONE}),
    TaskState.REPORTING: frozenset({TaskState.REPORT_PENDING, TaskState.DONE}),
    TaskState.DONE: frozenset(),
}


class ImpossibleTransition(RuntimeError):
    """A task was to enter a state that can't follow its own: a defect of the runtime."""


class Task:
    """A fetched task. May be used from several threads.

    Attributes:
        raw: as the engine's fetchAndLock answered.
        properties: the extension properties of the BPMN task.
        locked_at: when its lock was last renewed, by time.monotonic(); no later than by the engine's clock.
        context: what its handler sees of it; None until attach().
        next_delivery: the task as fetched again before the answer to the report of this delivery arrived.
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
        """Whether its lock may be renewed: the engine would refuse a report that it gets at the same time."""
        return self._state in (TaskState.FETCHED, TaskState.RUNNING, TaskState.REPORT_PENDING)

    def enter(self, state: TaskState) -> bool:
        """Enter the next state; a lost task stays lost, and False is returned.

        Raises:
            ImpossibleTransition: the state can't follow that of the task.
        """
        with self._guard:
            # another thread may lose a task at any moment
            if self._state is TaskState.LOST:
                return False
            if state not in TRANSITIONS[self._state]:
                raise ImpossibleTransition(f"{self._state.name} to {state.name}")
            self._state = state
            return True

    def lose(self) -> bool:
        """Cancel its handler, and have nothing reported; False if it is lost or done already."""
        with self._guard:
            if self._state in (TaskState.DONE, TaskState.LOST):
                return False
            self._state = TaskState.LOST
            if self.context:
                self.context.cancel()
            return True

    def attach(self, context: Context) -> None:
        """Have the loss of the task cancel its handler's context.

        Raises:
            Cancelled: it is lost already.
        """
        with self._guard:
            if self._state is TaskState.LOST:
                raise Cancelled
            self.context = context

    def note_delivery(self, again: Task) -> bool:
        """Note that this process has fetched the task again; False if it was lost before, so that it starts anew.

        The fetch has renewed the lock. It is another delivery only if a report may have reached the engine.
        """
        with self._guard:
            if self._state is TaskState.LOST:
                return False
            self.locked_at = again.locked_at
            has_reported = self._state in (TaskState.REPORTING, TaskState.DONE)
            self.next_delivery = again if has_reported else None
            return True

    @property
    def labels(self) -> dict[str, Any]:
        """What logs say of a task."""
        return {"topic": self.topic, "case": self.business_key, "task": self.id}
