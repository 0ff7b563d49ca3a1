"""Runs a scenario: all its replications, by the time lapse or through the queueing network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config.settings import Policy, describe_error
from simulation.diagrams import Diagrams, read_diagrams
from simulation.engine_host import EngineHost
from simulation.errors import ScenarioError
from simulation.network import Network, load_routes
from simulation.parameters import Parameters, merge_scenario
from simulation.recording import Recording
from simulation.results import Results, compute_results
from simulation.scenario import Scenario
from simulation.time_lapse import TimeLapse

TIME_LAPSE, FAST = "time lapse", "fast answer"
Progress = Callable[[float], None]


class Runner:
    """Runs scenarios.

    Args:
        learnt: parameters of the platform.
        policy: settings of `policy`; those of a scenario take precedence.
        zone: time zone of patients and staff.
        folder: of files that later runs use again.
        start_engine: starts the engine's process, which ends with the context.
    """

    def __init__(
        self,
        learnt: Parameters,
        policy: Mapping[str, Any],
        zone: str,
        folder: Path,
        start_engine: Callable[[], AbstractContextManager[EngineHost]] = EngineHost,
    ):
        self._learnt, self._policy, self._zone, self._folder = learnt, policy, zone, folder
        self._start_engine = start_engine

    def run(self, scenario: Scenario, is_fast: bool, progress: Progress) -> Results:
        """Run a scenario by one of the methods below."""
        progress(0)
        return self.run_fast(scenario, progress) if is_fast else self.run_time_lapse(scenario, progress)

    def run_time_lapse(self, scenario: Scenario, progress: Progress = lambda _: None) -> Results:
        """Run all replications in the engine.

        Args:
            progress: called with the share of the work that is done; may raise, which ends the run.

        Raises:
            ScenarioError: the scenario doesn't fit the diagrams or the policy.
            SimulationFailed: the engine refuses a step.
        """
        parameters, diagrams, policy = self.prepare(scenario)
        recordings = []
        with self._start_engine() as engine:
            for number in range(scenario.replications):
                report = partial(_report_part, progress, number, scenario.replications)
                lapse = TimeLapse(scenario, parameters, diagrams, policy, self._zone, number, report)
                recordings.append(lapse.run(engine))
        return _summarize(scenario, TIME_LAPSE, recordings, diagrams, parameters)

    def run_fast(self, scenario: Scenario, progress: Progress = lambda _: None) -> Results:
        """Run all replications through the queueing network; raises the same as run_time_lapse()."""
        parameters, diagrams, policy = self.prepare(scenario)
        routes = load_routes(
            self._folder, scenario, parameters, diagrams, policy, self._zone, progress, self._start_engine
        )
        numbers = range(scenario.replications)
        recordings = [Network(scenario, parameters, routes, self._zone, number).run() for number in numbers]
        return _summarize(scenario, FAST, recordings, diagrams, parameters)

    def prepare(self, scenario: Scenario) -> tuple[Parameters, Diagrams, dict[str, Any]]:
        """Return the parameters, diagrams and policy of a scenario.

        Raises:
            ScenarioError: it doesn't fit them.
        """
        parameters = merge_scenario(self._learnt, scenario)
        return parameters, read_diagrams(scenario.root), merge_policy(self._policy, scenario.policy)


def _report_part(progress: Progress, number: int, count: int, share: float) -> None:
    progress((number + share) / count)


def _summarize(
    scenario: Scenario, method: str, recordings: list[Recording], diagrams: Diagrams, parameters: Parameters
) -> Results:
    origins = describe_origins(parameters)
    start = str(scenario.start)
    return compute_results(scenario.name, method, scenario.seed, recordings, diagrams.names, origins, start)


def merge_policy(policy: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the policy with the scenario's changes.

    Raises:
        ScenarioError: a changed setting is unknown or invalid.
    """
    try:
        return Policy(**{**policy, **changed}).model_dump(mode="json")
    except ValidationError as error:
        lines = [f"policy.{describe_error(each['loc'], each['msg'])}" for each in error.errors()]
        raise ScenarioError("\n".join(lines)) from None


def describe_origins(parameters: Parameters) -> dict[str, str]:
    """Return where each figure comes from, by its name."""
    names = ["arrivals_per_day"]
    names += [
        f"{kind}.{name}" for kind in ("staff", "minutes", "delays", "shares") for name in getattr(parameters, kind)
    ]
    return {name: parameters.origin(name) for name in names}
