"""Periodic tasks: the time of each one's last success is in the metrics of its part."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
import requests

from tests.contract.test_loops import PERIODIC
from tests.support.case import eventually

pytestmark = pytest.mark.engine

TASKS = {
    "webapp": {"forwarder", "housekeeping"},
    "lab": {"bench", "lab_messages"},
    "workers": {"lab_feed", "lab_inbox", "outbox", "erasures"},
}
# runs only where lab.messages_folder is set: tests/unit/services/lab_messages/test_channels.py
OPTIONAL = {"lab_folder"}
LAST_SUCCESS = re.compile(r'periodic_task_last_success_timestamp_seconds\{task="(\w+)"\} (\S+)')


def last_successes(url: str) -> dict[str, float]:
    found = LAST_SUCCESS.findall(requests.get(f"{url}/metrics", timeout=10).text)
    return {task: float(when) for task, when in found}


@pytest.mark.parametrize("part", TASKS)
def test_each_periodic_task_exports_the_time_of_its_last_success(state: dict[str, Any], part: str) -> None:
    known = eventually(lambda: last_successes(state[part]))
    assert known.keys() == TASKS[part]
    assert all(time.time() - when < 3700 for when in known.values())


def test_the_engines_scheduled_methods_are_counted_by_spring(state: dict[str, Any]) -> None:
    def succeeded() -> set[str]:
        metrics = requests.get(f"{state['engine']}/actuator/prometheus", timeout=10).text
        pattern = r'tasks_scheduled_execution_seconds_count\{code_function="(\w+)".*outcome="SUCCESS"\} [1-9]'
        return set(re.findall(pattern, metrics))

    eventually(lambda: succeeded() == {"update", "forget"})


def test_each_periodic_task_is_tested() -> None:
    assert {task for tasks in TASKS.values() for task in tasks} == PERIODIC - OPTIONAL
