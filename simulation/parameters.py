"""Parameters of a simulation: how long work takes and which way cases go, learnt from records or stated."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from simulation.errors import ScenarioError
from simulation.scenario import Scenario, Section, Shift, Spread

DEFAULTS = Path(__file__).with_name("defaults.yaml")
# standard normal deviate of the 90th percentile
Z90 = 1.2815515655446004
STATED = "stated"
# file of what was learnt, in the folder of the simulation
LEARNT = "parameters.json"


class Parameters(Section):
    """Where figures come from is in `origins`, by their name, such as `minutes.doctor_report`.

    Attributes:
        minutes: of work on a user task, by form or id; the id takes precedence.
        delays: minutes until a patient sends a form.
        shares: of the values of each branch.
        origins: "learnt from 340 records" by name; a figure without an entry is stated in defaults.yaml.
    """

    arrivals_per_day: float
    staff: dict[str, list[Shift]]
    minutes: dict[str, Spread]
    delays: dict[str, Spread]
    shares: dict[str, dict[str, float]]
    origins: dict[str, str] = Field(default_factory=dict)

    def origin(self, name: str) -> str:
        return self.origins.get(name, STATED)


@lru_cache(maxsize=1)
def load_defaults() -> Parameters:
    return Parameters(**yaml.safe_load(DEFAULTS.read_text(encoding="utf-8")))


def load_parameters(path: Path | None) -> Parameters:
    """Load the parameters that were learnt to a file; the defaults if there is none.

    Raises:
        ScenarioError: the file can't be read.
    """
    if path is None or not path.exists():
        return load_defaults()
    try:
        return Parameters(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise ScenarioError(f"{path}: can't be read: {error}") from None


def merge_scenario(parameters: Parameters, scenario: Scenario) -> Parameters:
    """Replace what the scenario states itself.

    Raises:
        ScenarioError: the scenario has shares of an unknown branch or value.
    """
    for name, shares in scenario.shares.items():
        unknown = set(shares) - set(parameters.shares.get(name, {}))
        if unknown or not sum(shares.values()):
            known = ", ".join(parameters.shares.get(name, parameters.shares))
            raise ScenarioError(f"shares.{name}: must be shares of {known}")
    stated = [*(f"shares.{name}" for name in scenario.shares), *(f"minutes.{name}" for name in scenario.minutes)]
    return parameters.model_copy(
        update={
            "staff": {**parameters.staff, **scenario.staff},
            "minutes": {**parameters.minutes, **scenario.minutes},
            "shares": {**parameters.shares, **scenario.shares},
            "origins": {**parameters.origins, **dict.fromkeys(stated, "stated in the scenario")},
        }
    )


@dataclass(frozen=True)
class Draw:
    """Random values that depend on the seed, the case and the step alone.

    So two scenarios with the same seed have the same patients, and their difference isn't chance.
    """

    seed: int
    case: str

    def at(self, step: str, number: int = 0) -> random.Random:
        return random.Random(f"{self.seed}/{self.case}/{step}/{number}")


def draw_value(chance: random.Random, shares: Mapping[str, float]) -> str:
    return chance.choices(list(shares), list(shares.values()))[0]


def draw_minutes(chance: random.Random, spread: Spread) -> float:
    """Draw from the log-normal distribution with this median and 90th percentile."""
    return spread.median * math.exp(math.log(spread.p90 / spread.median) / Z90 * chance.gauss(0, 1))
