"""External tasks on the real engine, of a topic that no other test has."""

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


class Work:
    """The tasks of one test.

    Attributes:
        engine: signed in as administrator.
        worker: what `working` needs to know of the engine.
    """

    def __init__(self, state: Mapping[str, Any], url: str | None = None):
        admin = state["accounts"]["admin"]
        self.engine = Engine(state["engine"], admin["username"], admin["password"])
        self.worker = {"url": url or state["engine"], **admin}
        self.topic = f"work.{uuid.uuid4().hex[:8]}"
        self.reference = f"W-{uuid.uuid4().hex[:8]}"

    def starts(
        self, count: int = 1, process: str = "runtime_work", topic: str = "", priority: int = 0, **variables: Any
    ) -> list[str]:
        """Start instances that reach their task at once; returns the ids of the tasks that are still open."""
        typed = {name: {"value": value} for name, value in variables.items()}
        typed |= {"topic": {"value": topic or self.topic}, "priority": {"value": priority}}
        body = {"businessKey": self.reference, "variables": typed}
        started = [self.engine.post(f"/process-definition/key/{process}/start", body)["id"] for _ in range(count)]
        found = self.engine.post("/external-task", {"processInstanceIdIn": started})
        instances = {task["processInstanceId"]: task["id"] for task in found}
        return [instances[one] for one in started if one in instances]

    def left(self, topic: str = "") -> int:
        """How many tasks aren't completed."""
        return self._count(topicName=topic or self.topic)

    def locked(self, worker: str = "") -> int:
        return self._count(topicName=self.topic, locked=True, **({"workerId": worker} if worker else {}))

    def task(self, task_id: str) -> dict[str, Any]:
        return self.engine.get(f"/external-task/{task_id}")

    def deliveries(self, log: str = "successLog") -> list[dict[str, Any]]:
        """What the engine's history has of the topic's tasks, oldest first."""
        query = {"topicNameIn": self.topic, log: True, "sortBy": "timestamp", "sortOrder": "asc"}
        found = self.engine.get("/history/external-task-log", **query)
        return [entry for entry in found if entry["topicName"] == self.topic]

    def incidents(self) -> list[dict[str, Any]]:
        found = self.engine.get("/incident", incidentType="failedExternalTask")
        keys = {entry["externalTaskId"] for entry in self.deliveries("failureLog")}
        return [incident for incident in found if incident["configuration"] in keys]

    def _count(self, **query: Any) -> int:
        return self.engine.get("/external-task/count", **query)["count"]
