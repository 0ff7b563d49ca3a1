"""One engine's process for all simulations of the tests: each begins without cases, and none waits for a JVM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from config.settings import load
from simulation.engine_host import EngineHost
from simulation.parameters import load_defaults
from simulation.recording import Recording
from simulation.runner import Runner
from simulation.scenario import parse_scenario
from simulation.time_lapse import TimeLapse
from tests.support.platform import BRIEF_JVM


@pytest.fixture(scope="session")
def host() -> Iterator[EngineHost]:
    # with the priority of other tests, which else starve it
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(*next(iter(BRIEF_JVM.items())))
        host = EngineHost(niceness=0)
    with host:
        yield host


@pytest.fixture(scope="session")
def runner(host: EngineHost, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A runner that finds the routes of the fast answer once for all tests."""
    policy = load().policy.model_dump(mode="json")
    folder: Path = tmp_path_factory.mktemp("simulation")
    return Runner(load_defaults(), policy, "UTC", folder, lambda: nullcontext(host))


@pytest.fixture(scope="session")
def record(runner: Runner, host: EngineHost) -> Callable[[dict[str, Any]], Recording]:
    """Run the first replication of a scenario; returns what was recorded of it."""

    def run(content: dict[str, Any]) -> Recording:
        scenario = parse_scenario({"name": "test", **content}, "test")
        parameters, diagrams, policy = runner.prepare(scenario)
        return TimeLapse(scenario, parameters, diagrams, policy, "UTC").run(host)

    return run
