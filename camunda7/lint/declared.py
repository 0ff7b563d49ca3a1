"""Names declared by code, settings and people file, to which files may refer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from camunda7.variables import Catalogue


@dataclass(frozen=True)
class Declared:
    """Names that code and settings declare, to which files may refer.

    Attributes:
        variables: process variables.
        topics: BPMN error codes of the handler, by topic.
        messages: names of messages that the platform sends to cases.
        groups: ids of groups of staff.
        policy: values of the variable `policy`, by name.
        read: variables that the handler reads, by topic; None is all.
        facts: variables that the engine reads for a fact that a task shows, by the fact's name.
        named: ids of steps in code, each with the files that use it; without former ids of renamed steps.
    """

    variables: Catalogue
    topics: Mapping[str, Collection[str]]
    messages: Collection[str]
    groups: Collection[str]
    policy: Mapping[str, Any]
    read: Mapping[str, Collection[str] | None]
    facts: Mapping[str, Collection[str]]
    named: Mapping[str, Collection[str]]


def declaration_hint(variables: Catalogue) -> str:
    """Return the remedy for a variable that isn't declared."""
    return f"Correct the name, or declare it in {variables.source}"
