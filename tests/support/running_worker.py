"""A worker runtime in a thread of the test."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from camunda7.worker import Runtime, TaskClient
from camunda7.worker.health import Health
from hosting.readiness import Check, find_problems
from processes.variables import VARIABLES

JOIN_TIMEOUT_S = 20


def serve_health(runtime: Runtime, client: TaskClient, port: int) -> Health:
    """Serve health, readiness and metrics of a runtime, which is ready while its engine answers."""
    checks = [Check("engine", lambda: client.check(1))]
    return Health(
        "127.0.0.1", port, runtime.metrics.registry, lambda: runtime.is_polling, lambda: find_problems(checks)
    )


@contextmanager
def running_worker(
    url: str,
    functions: list[Callable[..., Any]],
    slots: int = 4,
    worker_id: str = "",
    username: str = "admin",
    password: str = "",
    lock_s: float = 20,
    long_poll_s: float = 10,
    shutdown_timeout_s: float = 5,
    **resources: Any,
) -> Iterator[Runtime]:
    """Start a runtime with these handlers, and stop it at the end.

    Args:
        worker_id: unique by default, because a worker unlocks the tasks that are locked under its id, and a new long
            poll ends an earlier one with the same id.
    """
    client = TaskClient(worker_id or f"care-{uuid.uuid4().hex[:8]}", url, username, password, lock_s, long_poll_s)
    runtime = Runtime(
        client, [function.handler for function in functions], resources, slots, shutdown_timeout_s, catalogue=VARIABLES
    )
    thread = threading.Thread(target=runtime.run, daemon=True)
    thread.start()
    try:
        yield runtime
    finally:
        runtime.stop()
        thread.join(JOIN_TIMEOUT_S)
        assert not thread.is_alive(), "the runtime did not end"
