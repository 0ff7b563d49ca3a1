"""What code, settings and people file declare: what the names in the files are held against."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from deployment.roles import filters
from processes.messages import Message
from processes.variables import VARIABLES, Variable
from workers.lanes import all_handlers

# what to do about a variable that isn't
DECLARE = "Correct the name, or declare it in processes/variables.py"


@dataclass(frozen=True)
class Declared:
    """Names that there are.

    Attributes:
        topics: what workers do, each with the codes of the errors that its handler may report.
        messages: what the platform sends to cases.
        groups: of people.
        policy: the figures that a case begins with, by name.
        listed: steps whose tasks Tasklist's filters list, by the filters' names.
    """

    variables: Mapping[str, Variable]
    topics: Mapping[str, Collection[str]]
    messages: Collection[str]
    groups: Collection[str]
    policy: Mapping[str, Any]
    listed: Mapping[str, str]


def declared(groups: Collection[str], policy: Mapping[str, Any]) -> Declared:
    """What our code declares, beside groups of the people file and the settings' policy."""
    topics = {handler.topic: [error.code for error in handler.errors] for handler in all_handlers()}
    listed = {each.name: step for each in filters() if (step := each.query.get("taskDefinitionKey"))}
    return Declared(VARIABLES, topics, set(Message), groups, policy, listed)
