"""What our code, settings and people file declare: the names that diagrams, decisions and forms may use."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from camunda7.lint import Declared
from camunda7.release.hints import HINTS, read_hints
from processes.messages import Message
from processes.variables import VARIABLES
from workers.lanes import all_handlers

ROOT = Path(__file__).parents[1]
PACKAGES = ("deployment", "stack", "webapp", "workers")
STEP = re.compile(r'"((?:Task|Event|Gateway|SubProcess)_\w+)"')


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
