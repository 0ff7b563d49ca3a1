"""The task states of the docs are those of the toolkit's code."""

from __future__ import annotations

import re

from camunda7.worker.tasks import TRANSITIONS, TaskState
from config.settings import ROOT


def test_the_states_of_a_task_are_those_of_the_docs() -> None:
    page = (ROOT / "docs" / "reference" / "workers.md").read_text()
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.+?) \| (.*)\|$", page, re.MULTILINE)
    documented = {name: (meaning, set(re.findall("[A-Z_]+", after))) for name, meaning, after in rows}
    assert documented == {state.name: (state.value, _next_states(state)) for state in TaskState}


def _next_states(state: TaskState) -> set[str]:
    """Names of the states that Task.enter() and Task.lose() lead to."""
    if state in (TaskState.DONE, TaskState.LOST):
        return set()
    return {"LOST", *(each.name for each in TRANSITIONS[state])}
