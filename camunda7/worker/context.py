"""A handler's view of its task's delivery, with cancellation when the task is lost."""

from __future__ import annotations

import threading


class Cancelled(Exception):
    """The handler's task is lost: the handler must end, and no report is sent."""


class Context:
    """The delivery of a task, for a handler with a parameter `context`.

    Attributes:
        task_id: the engine's id of the external task; a new one if the engine creates the task again.
        effect_key: the idempotency key of this occurrence, the same for each of its deliveries.
        last_attempt: a failure now raises an incident.
    """

    def __init__(self, task_id: str, effect_key: str, last_attempt: bool):
        self.task_id = task_id
        self.effect_key = effect_key
        self.last_attempt = last_attempt
        self._cancelled = threading.Event()

    @property
    def cancelled(self) -> bool:
        """Whether the task is lost: another worker has locked it, it was deleted, or this process shuts down."""
        return self._cancelled.is_set()

    def wait(self, seconds: float) -> None:
        """Wait within a handler.

        Raises:
            Cancelled: the task was lost during the wait.
        """
        if self._cancelled.wait(seconds):
            raise Cancelled

    def cancel(self) -> None:
        """Set `cancelled`, and make wait() raise Cancelled."""
        self._cancelled.set()
