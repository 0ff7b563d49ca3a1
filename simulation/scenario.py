"""A scenario: what a planner asks. It is a YAML file; docs/reference/scenario-file.md describes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from config.settings import ROOT
from simulation.errors import ScenarioError

MAX_DAYS, MAX_CASES, MAX_REPLICATIONS = 120, 200_000, 50
# roles of staff: candidate groups of the diagrams' user tasks
Role = Literal["medical-team", "doctors", "contact-tracers", "laboratory"]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Hour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
Hours = Annotated[float, Field(gt=0, le=24 * 30)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Arrivals(Section):
    """Pre-screenings a day.

    Attributes:
        times: multiple of the usual number.
        per_day: number of each day; the last one holds for the days after. Replaces `times`.
        open, close: between which hours patients come.
    """

    times: Annotated[float, Field(gt=0, le=1000)] = 1
    per_day: list[Annotated[float, Field(ge=0, le=20_000)]] | None = Field(default=None, min_length=1)
    open: Hour = "08:00"
    close: Hour = "20:00"

    @field_validator("per_day", mode="before")
    @classmethod
    def _wrap(cls, value: Any) -> Any:
        return value if isinstance(value, list) or value is None else [value]

    @model_validator(mode="after")
    def _check_hours(self) -> Self:
        if self.open >= self.close:
            raise ValueError("open must be before close")
        return self


class Shift(Section):
    """A number of people at work between two hours of each day; across midnight if `until` isn't after `since`."""

    number: Count
    since: Hour = "08:00"
    until: Hour = "18:00"


class Laboratory(Section):
    """Places at which tests run at the same time, and the shortest and longest time of a test."""

    places: Annotated[int, Field(ge=1, le=100_000)] = 40
    turnaround_hours: tuple[Hours, Hours] = (22, 28)

    @field_validator("turnaround_hours")
    @classmethod
    def _check_order(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] > value[1]:
            raise ValueError("the shortest time must not be longer than the longest")
        return value


class Delivery(Section):
    """Test kits that arrive at 8:00 on a day of the scenario; the first day is 1."""

    day: Annotated[int, Field(ge=1, le=MAX_DAYS)]
    kits: Count


class Kits(Section):
    stock: Count = 1000
    deliveries: list[Delivery] = []


class Spread(Section):
    """Duration in minutes: half take at most the median, 9 of 10 at most p90."""

    median: Annotated[float, Field(gt=0)]
    p90: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.p90 < self.median:
            raise ValueError("p90 must not be shorter than the median")
        return self


class Answer(Section):
    """What a share of the answers to a step of the diagram sets."""

    share: Annotated[float, Field(gt=0)] = 1
    values: dict[str, Any]


class Scenario(Section):
    """What is simulated.

    Attributes:
        files: folder of a working copy whose `processes/` and `forms/` are simulated; None for this one.
        policy: settings of `policy` that differ.
        minutes: by id of a user task, how long working on it takes; others are learnt or stated in defaults.yaml.
        shares: by name of a branch, shares of its values, which replace those in defaults.yaml.
        answers: by id of a user task or topic of an external task that only a changed diagram has.
    """

    name: Annotated[str, Field(min_length=1, max_length=80)]
    start: date = date(2026, 3, 2)
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = 14
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    replications: Annotated[int, Field(ge=1, le=MAX_REPLICATIONS)] = 5
    arrivals: Arrivals = Arrivals()
    staff: dict[Role, list[Shift]] = {}
    laboratory: Laboratory = Laboratory()
    kits: Kits = Kits()
    minutes: dict[str, Spread] = {}
    shares: dict[str, dict[str, Annotated[float, Field(ge=0)]]] = {}
    answers: dict[str, list[Answer]] = {}
    policy: dict[str, Any] = {}
    files: Path | None = None

    @field_validator("staff", mode="before")
    @classmethod
    def _wrap_shifts(cls, value: Any) -> Any:
        """A single shift needs no list; a number alone is one from 8:00 to 18:00."""
        if not isinstance(value, Mapping):
            return value
        return {role: _list_shifts(shifts) for role, shifts in value.items()}

    @property
    def root(self) -> Path:
        return self.files or ROOT


def _list_shifts(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return [{"number": value}]
    return [value] if isinstance(value, Mapping) else value


def read_scenario(path: Path) -> Scenario:
    """Read a scenario file; its `files` is relative to the file.

    Raises:
        ScenarioError: it can't be read, or is invalid.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: can't be read: {error}") from None
    except yaml.YAMLError as error:
        raise ScenarioError(f"{path}: isn't YAML: {error}") from None
    if isinstance(content, dict) and isinstance(content.get("files"), str):
        content = {**content, "files": path.parent / content["files"]}
    return parse_scenario(content, str(path))


def parse_scenario(content: Any, source: str) -> Scenario:
    """Validate a scenario.

    Args:
        source: named by errors.

    Raises:
        ScenarioError: it is invalid.
    """
    if not isinstance(content, dict):
        raise ScenarioError(f"{source}: must have entries like name, days and arrivals")
    try:
        scenario = Scenario(**content)
    except ValidationError as error:
        raise ScenarioError("\n".join(f"{source}: {_describe(each)}" for each in error.errors())) from None
    if scenario.files and not (scenario.files / "processes").is_dir():
        raise ScenarioError(f"{source}: files: {scenario.files} has no folder processes/")
    return scenario


def _describe(error: Any) -> str:
    """Format an error of pydantic as one line that names the entry."""
    name = ".".join(str(step) for step in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{name}: unknown; docs/reference/scenario-file.md lists all entries"
    message = error["msg"].removeprefix("Value error, ")
    return f"{name}: {message[0].lower()}{message[1:]}"
