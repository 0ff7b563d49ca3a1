"""Timers that fall due while the engine is down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from camunda7.engine import EngineUnavailable
from camunda7.variables import ENGINE_TIME
from processes.engine import Engine
from tests.support.case import eventually

DIAGRAM = Path(__file__).parent / "clock.bpmn"


class Timers:
    """Process instances that wait at timers with the same due date."""

    def __init__(self, engine: Engine, count: int, in_s: float):
        fields = {"deployment-name": "clock", "enable-duplicate-filtering": "true"}
        engine.upload("/deployment/create", fields, {DIAGRAM.name: DIAGRAM.read_bytes()})
        self._engine = engine
        self._due = datetime.now(UTC) + timedelta(seconds=in_s)
        due = self._due.isoformat(timespec="seconds").replace("+00:00", "Z")
        body = {"variables": {"due": {"value": due}}}
        self._instances = [engine.post("/process-definition/key/clock/start", body)["id"] for _ in range(count)]

    def wait_until_fired(self, back_at: datetime) -> float:
        """Wait until all timers have fired; returns how many seconds after `back_at` the last one did.

        Args:
            back_at: when the engine was available again.
        """
        query = {"processInstanceIds": self._instances, "finished": True}

        def have_all_fired() -> bool:
            try:
                return self._engine.post("/history/process-instance/count", query)["count"] == len(self._instances)
            except EngineUnavailable:
                return False

        eventually(have_all_fired, "timers are lost", within_s=120)
        ended = [row["endTime"] for row in self._engine.post("/history/process-instance", query)]
        last = max(datetime.strptime(at, ENGINE_TIME) for at in ended)
        return max(0.0, (last - max(back_at, self._due)).total_seconds())
