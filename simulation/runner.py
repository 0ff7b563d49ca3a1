"""Runs a scenario: all its replications, by the time lapse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from config.settings import Policy, describe_error
from simulation.diagrams import read_diagrams
from simulation.errors import ScenarioError
from simulation.parameters import Parameters, merge_scenario
from simulation.results import Results, compute_results
from simulation.scenario import Scenario
from simulation.time_lapse import TimeLapse

TIME_LAPSE = "time lapse"


def run_time_lapse(
    scenario: Scenario,
    learnt: Parameters,
    policy: Mapping[str, Any],
    zone: str,
    progress: Callable[[float], None] = lambda _: None,
) -> Results:
    """Run all replications.

    Args:
        learnt: parameters of the platform.
        policy: settings of `policy`; the scenario's take precedence.
        zone: time zone of patients and staff.
        progress: called with the share of the work that is done.

    Raises:
        ScenarioError: the scenario doesn't fit the diagrams or the policy.
        SimulationFailed: the engine refuses a step.
    """
    parameters, diagrams = merge_scenario(learnt, scenario), read_diagrams(scenario.root)
    merged = merge_policy(policy, scenario.policy)
    recordings = []
    for number in range(scenario.replications):

        def report(share: float, number: int = number) -> None:
            progress((number + share) / scenario.replications)

        recordings.append(TimeLapse(scenario, parameters, diagrams, merged, zone, number, report).run())
    origins = describe_origins(parameters)
    return compute_results(
        scenario.name, TIME_LAPSE, scenario.seed, recordings, diagrams.names, origins, str(scenario.start)
    )


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
