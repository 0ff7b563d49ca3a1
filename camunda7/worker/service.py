"""A worker process in one call."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Mapping
from typing import Any

from camunda7.authentication import Credentials
from camunda7.http_client import NO_TLS, Tls
from camunda7.variables import UNTYPED, Catalogue
from camunda7.worker.client import TaskClient
from camunda7.worker.logs import log_to_stderr
from camunda7.worker.runtime import Runtime
from camunda7.worker.topics import HandlerFunction


def run(
    engine_url: str,
    *functions: HandlerFunction[..., Any],
    resources: Mapping[str, Any] | None = None,
    username: str = "",
    password: str = "",
    worker_id: str = "",
    slots: int = 8,
    lock_s: float = 60,
    long_poll_s: float = 20,
    catalogue: Catalogue = UNTYPED,
    credentials: Credentials | None = None,
    tls: Tls = NO_TLS,
) -> None:
    """Run handlers until the process gets SIGINT or SIGTERM; logs to standard error.

    Args:
        engine_url: base URL, without /engine-rest.
        functions: handlers, declared by `@topic`.
        resources: values of the handlers' keyword-only parameters, by name.
        username, password: for the REST API; without them it is called without authentication.
        worker_id: id of this process in the engine; by default of host and process id.
        slots: number of handlers that run at the same time.
        lock_s: lock duration of fetched tasks, in seconds; renewed while their handlers run.
        long_poll_s: maximum duration of a long poll (asyncResponseTimeout), in seconds.
        catalogue: the variables that handlers may write; by default any.
        credentials: used instead of username and password, such as ClientCredentials.
        tls: certificates of the connection to the engine.
    """
    log_to_stderr()
    client = TaskClient(
        worker_id or f"{socket.gethostname()}-{os.getpid()}",
        engine_url,
        username,
        password,
        lock_s,
        long_poll_s,
        credentials,
        tls,
    )
    handlers = [function.handler for function in functions]
    runtime = Runtime(client, handlers, resources or {}, slots, catalogue=catalogue)

    stop_on_signal(runtime)
    runtime.run()


def stop_on_signal(runtime: Runtime, stopping: threading.Event | None = None) -> None:
    """Make SIGINT and SIGTERM stop a runtime, and set the event for other threads of the process."""

    def stop(*_: object) -> None:
        if stopping:
            stopping.set()
        # on another thread: the main thread is blocked in run()
        threading.Thread(target=runtime.stop, daemon=True).start()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
