"""A task while this process holds it, and what of it a handler may see."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from typing import Any

# of what the engine says of a task; all but the first two may be missing or null
_TYPES = {"id": str, "topicName": str, "businessKey": str, "priority": int, "retries": int, "extensionProperties": dict}


def is_task(raw: Any, topics: Collection[str]) -> bool:
    """Whether one item of an answer to a poll can be worked on: a task of one of these topics."""
    if not isinstance(raw, dict) or raw.get("id") is None:
        return False
    is_typed = all(isinstance(raw.get(name), kind | None) for name, kind in _TYPES.items())
    return is_typed and raw.get("topicName") in topics


class Cancelled(Exception):
    """The handler was told that its result isn't wanted any more; nothing is reported."""


class Context:
    """What a handler with a parameter `context` learns about its delivery.

    Attributes:
        task_id: the engine's id of the external task; another one if the engine creates the task anew.
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
        """Whether the task is lost: its lock went to another worker, it is gone, or this process must end now."""
        return self._cancelled.is_set()

    def wait(self, seconds: float) -> None:
        """Wait within a handler.

        Raises:
            Cancelled: the task was lost meanwhile.
        """
        if self._cancelled.wait(seconds):
            raise Cancelled

    def cancel(self) -> None:
        self._cancelled.set()


class Task:
    """A fetched task.

    Attributes:
        raw: as the engine's fetchAndLock answered.
        properties: the extension properties of the BPMN task.
        locked_at: when its lock was last renewed, by time.monotonic(); no later than by the engine's clock.
        context: what its handler sees of it; None until that begins.
        lost: it isn't ours any more.
        reporting: a call that ends this delivery is on its way to the engine.
        again: the next delivery, fetched before that call's answer was here.
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
        self.lost = False
        self.reporting = False
        self.again: Task | None = None

    def lose(self) -> None:
        """Its handler is told, and what that returns isn't sent."""
        self.lost = True
        if self.context:
            self.context.cancel()

    @property
    def labels(self) -> dict[str, Any]:
        """What logs say of a task."""
        return {"topic": self.topic, "case": self.business_key, "task": self.id}
