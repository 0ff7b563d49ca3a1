"""REST client of our engine: with the catalogue of variables, and the resources that engine/ adds to the API."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import camunda7.engine
from camunda7.authentication import Credentials
from camunda7.http_client import NO_TLS, Tls
from processes.variables import VARIABLES

# engine/…/ActivityStatistics.java
STATISTICS = "/coronacare/activity-statistics"


@dataclass(frozen=True)
class RunningActivities:
    """The running activity instances of a step.

    Attributes:
        oldest: start of the oldest.
        median: half of them have started at this time or before.
        first: id of the oldest one's process instance.
    """

    count: int
    oldest: datetime
    median: datetime
    first: str


class Engine(camunda7.engine.Engine):
    """The engine at a base URL, as one account; see camunda7.engine.Engine."""

    def __init__(
        self,
        url: str,
        username: str = "",
        password: str = "",
        timeout_s: float = 20,
        observe: Callable[[float], None] = lambda _: None,
        credentials: Credentials | None = None,
        tls: Tls = NO_TLS,
    ):
        super().__init__(url, username, password, timeout_s, observe, VARIABLES, credentials, tls)

    def raise_task_priority(self, task_id: str, priority: int) -> None:
        """Raise a user task's priority to at least this one: engine/…/TaskPriority.java.

        Raises:
            NotFound: the task has ended.
        """
        self.post(f"/coronacare/task/{task_id}/raise-priority", {"priority": priority})

    def list_running_versions(self) -> list[str]:
        """Return the ids of the deployed versions with running instances, of all processes."""
        return self.get(f"{STATISTICS}/versions")

    def measure_activities(self, steps: Iterable[str], since_instance: bool = False) -> dict[str, RunningActivities]:
        """Measure the running activity instances of these steps, by id; a step without any is left out.

        Args:
            since_instance: measure from the start of their process instances, which enter the steps anew as they wait.
        """
        rows = self._ask_statistics("running", {"steps": sorted(steps), "sinceInstance": since_instance})
        return {
            row["step"]: RunningActivities(
                row["count"], _parse_ms(row["oldest"]), _parse_ms(row["median"]), row["first"]
            )
            for row in rows
        }

    def count_past_activities(self, steps: Iterable[str], times: Iterable[datetime]) -> dict[str, list[int]]:
        """Count the activity instances that were at these steps at past times."""
        return self._ask_statistics("past", {"steps": sorted(steps), "times": [_to_ms(each) for each in times]})

    def find_overdue_activities(
        self, step: str, before: datetime, limit: int, since_instance: bool = False
    ) -> tuple[int, list[tuple[str, datetime]]]:
        """Find the running activity instances at a step that started before a time.

        Returns their number, and of the oldest ones, at most `limit`, the process instance's id and the start.

        Args:
            since_instance: as in measure_activities().
        """
        query = {"step": step, "sinceInstance": since_instance, "before": _to_ms(before), "limit": limit}
        found = self._ask_statistics("overdue", query)
        return found["count"], [(row["processInstanceId"], _parse_ms(row["start"])) for row in found["oldest"]]

    def _ask_statistics(self, what: str, query: dict[str, Any]) -> Any:
        """Post a query to the engine's own resource, and return its answer."""
        return self.post(f"{STATISTICS}/{what}", query)


def _to_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _parse_ms(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
