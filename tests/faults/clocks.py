"""Timers that fall due while the engine is away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from camunda7.engine import EngineUnavailable
from camunda7.variables import ENGINE_TIME
from processes.engine import Engine
from tests.support.case import eventually

DIAGRAM = Path(__file__).parent / "clock.bpmn"


class Clocks:
    """So many timers, due at one moment."""

    def __init__(self, engine: Engine, count: int, in_s: float):
        fields = {"deployment-name": "clock", "enable-duplicate-filtering": "true"}
        engine.upload("/deployment/create", fields, {DIAGRAM.name: DIAGRAM.read_bytes()})
        self._engine = engine
        self._due = datetime.now(UTC) + timedelta(seconds=in_s)
        due = self._due.isoformat(timespec="seconds").replace("+00:00", "Z")
        body = {"variables": {"due": {"value": due}}}
        self._instances = [engine.post("/process-definition/key/clock/start", body)["id"] for _ in range(count)]

    def late_by(self, back_at: datetime) -> float:
        """Wait until all have gone off; returns how long after the engine was back the last one did, in seconds."""
        query = {"processInstanceIds": self._instances, "finished": True}
        counted = "/history/process-instance/count"

        def all_have() -> bool:
            try:
                return self._engine.post(counted, query)["count"] == len(self._instances)
            except EngineUnavailable:
                return False

        eventually(all_have, "timers are lost", within_s=120)
        ended = [row["endTime"] for row in self._engine.post("/history/process-instance", query)]
        last = max(datetime.strptime(at, ENGINE_TIME) for at in ended)
        return max(0.0, (last - max(back_at, self._due)).total_seconds())
