"""External tasks on the real engine, with a unique topic for each test."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from processes.engine import Engine

DIAGRAM = Path(__file__).parent.parent / "workers" / "work.bpmn"


def deploy(engine: Engine) -> None:
    fields = {"deployment-name": "work", "enable-duplicate-filtering": "true"}
    engine.upload("/deployment/create", fields, {DIAGRAM.name: DIAGRAM.read_bytes()})


class ExternalTasks:
    """Process instances with one external task each.

    Args:
        url: of the engine for workers, if it isn't the platform's.

    Attributes:
        engine: with the administrator's credentials.
        worker: the engine's URL and credentials, as arguments of `running_worker`.
        topic: of the tasks; unique.
    """

    def __init__(self, state: Mapping[str, Any], url: str | None = None):
        admin = state["accounts"]["admin"]
        self.engine = Engine(state["engine"], admin["username"], admin["password"])
        self.worker = {"url": url or state["engine"], **admin}
        self.topic = f"work.{uuid.uuid4().hex[:8]}"
        self.reference = f"W-{uuid.uuid4().hex[:8]}"

    def start(
        self, count: int = 1, process: str = "runtime_work", topic: str = "", priority: int = 0, **variables: Any
    ) -> list[str]:
        """Start instances, each with one task; returns the ids of the tasks that are still open."""
        typed = {name: {"value": value} for name, value in variables.items()}
        typed |= {"topic": {"value": topic or self.topic}, "priority": {"value": priority}}
        body = {"businessKey": self.reference, "variables": typed}
        started = [self.engine.post(f"/process-definition/key/{process}/start", body)["id"] for _ in range(count)]
        found = self.engine.post("/external-task", {"processInstanceIdIn": started})
        instances = {task["processInstanceId"]: task["id"] for task in found}
        return [instances[one] for one in started if one in instances]

    def count_open(self, topic: str = "") -> int:
        """The number of tasks that aren't completed."""
        return self._count(topicName=topic or self.topic)

    def count_locked(self, worker: str = "") -> int:
        return self._count(topicName=self.topic, locked=True, **({"workerId": worker} if worker else {}))

    def task(self, task_id: str) -> dict[str, Any]:
        return self.engine.get(f"/external-task/{task_id}")

    def count_completed(self) -> int:
        """The number of instances that have ended, because their task was completed."""
        query = {"processInstanceBusinessKey": self.reference, "finished": True}
        return self.engine.post("/history/process-instance/count", query)["count"]

    def failures(self) -> list[dict[str, Any]]:
        """Entries of the engine's external task log about failures, oldest first."""
        query = {"topicNameIn": self.topic, "failureLog": True, "sortBy": "timestamp", "sortOrder": "asc"}
        found = self.engine.get("/history/external-task-log", **query)
        return [entry for entry in found if entry["topicName"] == self.topic]

    def incidents(self) -> list[dict[str, Any]]:
        found = self.engine.get("/incident", incidentType="failedExternalTask")
        keys = {entry["externalTaskId"] for entry in self.failures()}
        return [incident for incident in found if incident["configuration"] in keys]

    def _count(self, **query: Any) -> int:
        return self.engine.get("/external-task/count", **query)["count"]
