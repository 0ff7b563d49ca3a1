"""What people say of a migration in processes/migration.yaml: what steps are called now, which variables are new."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from camunda7.lint.finding import Finding, like
from camunda7.variables import Catalogue, UndeclaredVariable

HINTS = "migration.yaml"
SHAPE = "Write for each process `steps` (old id: new id) and `variables` (name: value), as its comment shows"


class InvalidHints(Exception):
    """The file isn't as it should be; the message says where, and what to write."""


class Hints(BaseModel):
    """Of one process.

    Attributes:
        steps: ids of elements that are called otherwise now, each with the new one.
        variables: by name, what is set before a case is moved that lacks it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: dict[str, str] = {}
    variables: dict[str, Any] = {}

    def now(self, step: str, there: Collection[str]) -> str | None:
        """The id of a step among those that are there; None when it has none. May have changed more than once."""
        seen: set[str] = set()
        while step not in there:
            if step in seen or step not in self.steps:
                return None
            seen.add(step)
            step = self.steps[step]
        return step

    def back(self) -> Hints:
        """What leads to the version before; the variables have been set already."""
        return Hints(steps={new: old for old, new in self.steps.items()})


def read_hints(path: Path) -> dict[str, Hints]:
    """By process; nobody need have said anything.

    Raises:
        InvalidHints: it can't be read.
    """
    if not path.exists():
        return {}
    try:
        return TypeAdapter(dict[str, Hints]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except yaml.YAMLError as error:
        raise InvalidHints(f"{path.name} can't be read: {error}. {SHAPE}.") from None
    except ValidationError as error:
        wrong = "; ".join(f"{' / '.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise InvalidHints(f"{path.name}: {wrong}. {SHAPE}.") from None


def findings(
    hints: Mapping[str, Hints], steps: Mapping[str, Collection[str]], catalogue: Catalogue
) -> Iterator[Finding]:
    """What is wrong with them.

    Args:
        steps: ids of all elements of each process, as its diagram is now.
        catalogue: the variables that may be set.
    """
    for process, each in hints.items():
        if process not in steps:
            wrong = f"there is no such process{like(process, steps)}"
            yield Finding(HINTS, process, "", wrong, "Write the id of one of the diagrams' processes")
            continue
        for old, new in each.steps.items():
            if each.now(new, steps[process]) is None:
                wrong = f"{old} is to be {new}, which the diagram doesn't have{like(new, steps[process])}"
                yield Finding(HINTS, process, "", wrong, "Write the id of a step of the diagram, or delete the line")
        for name, value in each.variables.items():
            try:
                catalogue.to_engine({name: value})
            except UndeclaredVariable as error:
                todo = f"Correct it, or declare the variable in {catalogue.source}"
                yield Finding(HINTS, process, "", f"{error}{like(name, catalogue)}", todo)
