"""A runtime that works within a test, on an engine at a URL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from workers.runtime import Runtime, TaskClient

ENDS_WITHIN_S = 20


@contextmanager
def working(
    url: str,
    functions: list[Callable[..., Any]],
    slots: int = 4,
    worker_id: str = "care-1",
    username: str = "admin",
    password: str = "",
    lock_s: float = 20,
    poll_s: float = 10,
    stop_within_s: float = 5,
    **resources: Any,
) -> Iterator[Runtime]:
    """Work with these handlers; the runtime has ended afterwards."""
    client = TaskClient(worker_id, url, username, password, lock_s, poll_s)
    runtime = Runtime(client, [function.handler for function in functions], resources, slots, stop_within_s)
    thread = threading.Thread(target=runtime.run, daemon=True)
    thread.start()
    try:
        yield runtime
    finally:
        runtime.stop()
        thread.join(ENDS_WITHIN_S)
        assert not thread.is_alive(), "the runtime did not end"
