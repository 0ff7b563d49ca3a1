"""REST client of our engine: with the catalogue of variables, and the resources that engine/ adds to the API."""

from __future__ import annotations

from collections.abc import Callable

import camunda7.engine
from processes.variables import VARIABLES


class Engine(camunda7.engine.Engine):
    """The engine at a base URL, as one account; see camunda7.engine.Engine."""

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        timeout_s: float = 20,
        observe: Callable[[float], None] = lambda _: None,
    ):
        super().__init__(url, username, password, timeout_s, observe, VARIABLES)

    def raise_task_priority(self, task_id: str, priority: int) -> None:
        """Raise a user task's priority to at least this one: engine/…/TaskPriority.java.

        Raises:
            NotFound: the task has ended.
        """
        self.post(f"/coronacare/task/{task_id}/raise-priority", {"priority": priority})
