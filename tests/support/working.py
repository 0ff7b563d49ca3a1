"""A runtime that works within a test, on an engine at a URL."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from camunda7.worker import Runtime, TaskClient
from processes.variables import VARIABLES

ENDS_WITHIN_S = 20


@contextmanager
def working(
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
    """Work with these handlers; the runtime has ended afterwards.

    Args:
        worker_id: unless given, one that no other worker has: a worker hands back what was locked under its name, and
            ends the polls of that name.
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
        thread.join(ENDS_WITHIN_S)
        assert not thread.is_alive(), "the runtime did not end"
