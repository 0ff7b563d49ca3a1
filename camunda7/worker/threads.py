"""Daemon threads, which don't delay the end of the process as those of concurrent.futures do."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

from prometheus_client import Counter

log = logging.getLogger("workers")

RESTART_AFTER_S = 1.0
DEFECTS = Counter("worker_defects", "Unexpected errors on threads of the runtime", registry=None)


class Threads:
    """A fixed number of threads that run submitted calls in order."""

    def __init__(self, count: int, name: str):
        self._calls: SimpleQueue[tuple[Callable[..., None], tuple[Any, ...]]] = SimpleQueue()
        for number in range(count):
            threading.Thread(target=self._run, name=f"{name}-{number}", daemon=True).start()

    def submit(self, function: Callable[..., None], *arguments: Any) -> None:
        self._calls.put((function, arguments))

    def _run(self) -> None:
        while True:
            function, arguments = self._calls.get()
            call_safely(function, *arguments)


def run_until(stopped: threading.Event, loop: Callable[[threading.Event], None]) -> None:
    """Run a loop that returns when `stopped` is set; restarts it after an exception."""
    while not stopped.is_set():
        if not call_safely(loop, stopped):
            stopped.wait(RESTART_AFTER_S)


def call_safely(function: Callable[..., None], *arguments: Any) -> bool:
    """Call a function, and log any exception so that it doesn't end the thread; returns whether there was none.

    Also catches SystemExit, MemoryError, and an error while the error is logged.
    """
    try:
        function(*arguments)
    except BaseException as error:
        with suppress(BaseException):
            log_defect(error)
        return False
    return True


def log_defect(error: BaseException) -> None:
    """Log and count an unexpected error, without its message, which might have patients' data."""
    DEFECTS.inc()
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "an unknown place"
    log.error("%s at %s", type(error).__name__, where)
