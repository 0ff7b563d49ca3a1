"""The engine of a simulation: everything that reads a clock in diagrams and decisions follows the simulated one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simulation.engine_host import EngineHost
from simulation.errors import SimulationFailed

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
FILES = [HERE / "clock.bpmn", HERE / "clock.dmn"]
NOW = datetime(2031, 3, 2, 23, 30, tzinfo=UTC)
NAMES = ("juel_now", "juel_date_time", "calendar_today", "age", "next_hour", "feel_today", "feel_now")


@pytest.fixture
def engine(host: EngineHost) -> EngineHost:
    # an hour ahead of UTC: another day
    host.begin("Europe/Berlin", 1, FILES, {"Wait": NAMES})
    return host


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def test_clocks_follow_the_simulated_time(engine: EngineHost) -> None:
    events = engine.execute(milliseconds(NOW), [{"do": "start", "id": "clock", "case": "S-1"}])
    task = next(event for event in events if event["kind"] == "task-create")
    assert task["variables"] == {
        "juel_now": milliseconds(NOW),
        "juel_date_time": milliseconds(NOW),
        "calendar_today": "2031-03-03",
        "age": 31,
        "next_hour": milliseconds(NOW + timedelta(hours=8, minutes=30)),
        "feel_today": "2031-03-03",
        "feel_now": "2031-03-03T00:30:00@Europe/Berlin",
    }


def test_timers_are_due_in_simulated_time_and_fire_on_command(engine: EngineHost) -> None:
    events = engine.execute(milliseconds(NOW), [{"do": "start", "id": "clock", "case": "S-2"}])
    timer = next(event for event in events if event["kind"] == "job-create")
    assert timer["due"] == milliseconds(NOW + timedelta(days=2))
    events = engine.execute(timer["due"], [{"do": "job", "id": timer["id"]}])
    assert [each["element"] for each in events if each["kind"] == "task-create"] == ["Late"]


def test_a_run_begins_without_the_cases_of_the_one_before(engine: EngineHost) -> None:
    [task] = [
        event["id"]
        for event in engine.execute(milliseconds(NOW), [{"do": "start", "id": "clock", "case": "S-3"}])
        if event["kind"] == "task-create"
    ]
    engine.begin("Europe/Berlin", 1, FILES, {})
    with pytest.raises(SimulationFailed, match=task):
        engine.execute(milliseconds(NOW), [{"do": "task", "id": task}])


def test_a_refused_command_is_an_error_that_names_it(engine: EngineHost) -> None:
    with pytest.raises(SimulationFailed, match="task"):
        engine.execute(milliseconds(NOW), [{"do": "task", "id": "nonsense"}])
