"""Names that diagrams, decisions and forms may use, declared by code, settings and the people file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from camunda7.lint import Declared
from camunda7.release.hints import HINTS, read_hints
from processes.elements import FLOW_NODES, Message
from processes.variables import FACTS, VARIABLES
from workers.lanes import all_handlers

ROOT = Path(__file__).parents[1]


def collect_declared(groups: Collection[str], policy: Mapping[str, Any]) -> Declared:
    """Return the names declared in code, with the people file's groups and the settings' policy."""
    topics = {handler.topic: [error.code for error in handler.errors] for handler in all_handlers()}
    read = {handler.topic: handler.variables for handler in all_handlers()}
    return Declared(VARIABLES, topics, set(Message), groups, policy, read, FACTS, _steps_in_code())


def _steps_in_code() -> Mapping[str, Collection[str]]:
    """Return the ids of steps in code, each with the file that declares it, without former ids of renamed steps.

    Code must have a former id while older cases run; processes/migration.yaml lists it.
    """
    former = {step for each in read_hints(ROOT / "processes" / HINTS).values() for step in each.steps}
    return {step: ["processes/elements.py"] for kind in FLOW_NODES for step in kind if step not in former}
