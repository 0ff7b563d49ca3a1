"""What code, settings and people file declare: what the names in the files are held against."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from camunda7.variables import Catalogue


@dataclass(frozen=True)
class Declared:
    """Names that there are.

    Attributes:
        topics: what workers do, each with the codes of the errors that its handler may report.
        messages: what the platform sends to cases.
        groups: of people.
        policy: the figures that a case begins with, by name.
        named: steps that our code names, each with the files that do; but for those that are called otherwise by now.
    """

    variables: Catalogue
    topics: Mapping[str, Collection[str]]
    messages: Collection[str]
    groups: Collection[str]
    policy: Mapping[str, Any]
    named: Mapping[str, Collection[str]]


def declare(variables: Catalogue) -> str:
    """What to do about a variable that isn't declared."""
    return f"Correct the name, or declare it in {variables.source}"
