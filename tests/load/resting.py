"""Cases that rest: patients who were asked for something and haven't answered."""

from __future__ import annotations

from pathlib import Path

from config import settings as config
from processes.cases import first_values
from processes.engine import Engine
from processes.variables import to_engine
from tests.support.case import WITH_COUGH

DIAGRAM = Path(__file__).with_name("resting.bpmn")
AT_ONCE = 250


def rest(engine: Engine, count: int) -> None:
    """Have so many more cases wait for their patient's request."""
    engine.upload("/deployment/create", {"deployment-name": "resting"}, {DIAGRAM.name: DIAGRAM.read_bytes()})
    values = to_engine(first_values(WITH_COUGH, config.load().policy.model_dump()))
    for batch in range(0, count, AT_ONCE):
        some = min(AT_ONCE, count - batch)
        how = {"batch": {"value": f"R-{batch}-"}, "cases": {"value": some, "type": "Integer"}}
        engine.post("/process-definition/key/rest/start", {"variables": {**values, **how}})
        print(f"{batch + some} of {count} cases rest", flush=True)
