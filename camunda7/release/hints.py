"""Migration hints in processes/migration.yaml: new ids of renamed steps, and values of new variables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from camunda7.lint.finding import Finding, did_you_mean
from camunda7.variables import Catalogue, UndeclaredVariable

__all__ = ["Hints", "InvalidHints", "findings", "read_hints"]

HINTS = "migration.yaml"
SHAPE = "Write for each process `steps` (old id: new id) and `variables` (name: value), as its comment shows"


class InvalidHints(Exception):
    """The file is invalid; the message names the place, and the expected content."""


class Hints(BaseModel):
    """Hints for one process.

    Attributes:
        steps: new ids of renamed elements, by old id.
        variables: values of variables that are set before the migration of cases without them, by name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: dict[str, str] = {}
    variables: dict[str, Any] = {}

    def new_id(self, step: str, existing: Collection[str]) -> str | None:
        """Return the new id of a step, also after several renames; None if it was removed.

        Args:
            step: old id.
            existing: ids of the elements in the new version.
        """
        seen: set[str] = set()
        while step not in existing:
            if step in seen or step not in self.steps:
                return None
            seen.add(step)
            step = self.steps[step]
        return step

    def invert(self) -> Hints:
        """Return the hints for the migration back to the previous version; variables are already set."""
        return Hints(steps={new: old for old, new in self.steps.items()})


def read_hints(path: Path) -> dict[str, Hints]:
    """Read the hints by process; empty if the file doesn't exist.

    Raises:
        InvalidHints: the file is invalid.
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
    """Lint the hints.

    Args:
        hints: by process.
        steps: ids of all elements of each process in the current diagrams.
        catalogue: the variables that may be set.
    """
    for process, each in hints.items():
        if process not in steps:
            wrong = f"there is no such process{did_you_mean(process, steps)}"
            yield Finding(HINTS, process, "", wrong, "Write the id of one of the diagrams' processes")
            continue
        for old, new in each.steps.items():
            if each.new_id(new, steps[process]) is None:
                hint = did_you_mean(new, steps[process])
                wrong = f"the new id of {old} is {new}, which the diagram doesn't have{hint}"
                yield Finding(HINTS, process, "", wrong, "Write the id of a step of the diagram, or delete the line")
        for name, value in each.variables.items():
            try:
                catalogue.to_engine({name: value})
            except UndeclaredVariable as error:
                todo = f"Correct it, or declare the variable in {catalogue.source}"
                yield Finding(HINTS, process, "", f"{error}{did_you_mean(name, catalogue)}", todo)
