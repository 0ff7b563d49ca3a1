"""What code, settings and people file declare: what the names in the files are held against."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployment.hints import HINTS, read_hints
from processes.messages import Message
from processes.variables import VARIABLES, Variable
from workers.lanes import all_handlers

ROOT = Path(__file__).parents[2]
PACKAGES = ("deployment", "stack", "webapp", "workers")
STEP = re.compile(r'"((?:Task|Event|Gateway|SubProcess)_\w+)"')
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
        named: steps that our code names, each with the files that do; but for those that are called otherwise by now.
    """

    variables: Mapping[str, Variable]
    topics: Mapping[str, Collection[str]]
    messages: Collection[str]
    groups: Collection[str]
    policy: Mapping[str, Any]
    named: Mapping[str, Collection[str]]


def declared(groups: Collection[str], policy: Mapping[str, Any]) -> Declared:
    """What our code declares, beside groups of the people file and the settings' policy."""
    topics = {handler.topic: [error.code for error in handler.errors] for handler in all_handlers()}
    return Declared(VARIABLES, topics, set(Message), groups, policy, _steps_in_code())


def _steps_in_code() -> Mapping[str, Collection[str]]:
    """Pages, lists and workers look for cases at steps by their ids; while older cases go on, by former ids too."""
    former = {step for each in read_hints(ROOT / "processes" / HINTS).values() for step in each.steps}
    found = defaultdict(set)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for step in set(STEP.findall(path.read_text(encoding="utf-8"))) - former:
                found[step].add(path.relative_to(ROOT).as_posix())
    return found
