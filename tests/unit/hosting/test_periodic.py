"""A periodic task continues after any error, which is logged by its class and counted."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import peewee
import pytest
from prometheus_client import REGISTRY

from hosting.periodic import MAX_BACKOFF_S, PeriodicTask
from tests.support.case import eventually

ERRORS = (KeyError, ValueError, RuntimeError, OSError, MemoryError, RecursionError, peewee.OperationalError, TypeError)


def metric(name: str, task: str) -> float:
    return REGISTRY.get_sample_value(f"periodic_task_{name}", {"task": task}) or 0.0


def run(task: PeriodicTask, is_done: Callable[[], Any]) -> None:
    """Run a task until the condition holds."""
    stopping = threading.Event()
    thread = task.start(stopping)
    eventually(is_done)
    stopping.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_task_continues_after_each_kind_of_error_and_logs_no_data(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    runs: list[int] = []

    def function() -> None:
        runs.append(1)
        if len(runs) <= 2 * len(ERRORS):
            raise ERRORS[(len(runs) - 1) // 2]("Ada Lovelace")

    run(PeriodicTask("each kind", function, 0.0001), lambda: len(runs) > 2 * len(ERRORS) + 2)
    failures = [f"each kind failed ({error.__name__}), retrying" for error in ERRORS]
    assert [record.getMessage() for record in caplog.records] == [*failures, "each kind works again"]
    assert metric("failures_total", "each kind") == 2 * len(ERRORS)


def test_a_task_runs_at_once_and_its_last_success_is_a_metric() -> None:
    before = time.time()
    run(PeriodicTask("at once", lambda: None, 3600), lambda: metric("last_success_timestamp_seconds", "at once"))
    assert before <= metric("last_success_timestamp_seconds", "at once") <= time.time()
    assert metric("interval_seconds", "at once") == 3600


def test_the_last_success_of_a_task_that_never_succeeded_is_its_start() -> None:
    def fail() -> None:
        raise KeyError

    before = time.time()
    run(PeriodicTask("never", fail, 3600), lambda: metric("failures_total", "never"))
    last_success = metric("last_success_timestamp_seconds", "never")
    assert before <= last_success <= time.time()


@pytest.mark.parametrize(
    ("interval_s", "pauses"),
    [
        (1, [1, 2, 4, 8, 8]),
        (0.1, [0.1, 0.2, 0.4, 0.8, 1.6]),
        (3600, [3600, MAX_BACKOFF_S, MAX_BACKOFF_S, MAX_BACKOFF_S, MAX_BACKOFF_S]),
    ],
)
def test_pauses_grow_while_a_task_fails(interval_s: float, pauses: list[float]) -> None:
    task = PeriodicTask("pauses", lambda: None, interval_s)
    assert [task._pause_s(failures) for failures in range(5)] == pauses
    assert task._pause_s(10**6) == MAX_BACKOFF_S
