"""Threads for calls to the engine. They don't hold up the end of the process, as those of concurrent.futures would."""

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
DEFECTS = Counter("worker_defects", "Errors on threads of the runtime that no error was expected on", registry=None)


class Threads:
    """Does what is submitted, in order, on a fixed number of threads."""

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
    """Run a loop that returns when `stopped` is set; one that raises an error is started again."""
    while not stopped.is_set():
        if not call_safely(loop, stopped):
            stopped.wait(RESTART_AFTER_S)


def call_safely(function: Callable[..., None], *arguments: Any) -> bool:
    """Call a function on a thread that is still needed; returns whether it raised nothing.

    Nothing ends the thread: not sys.exit(), nor MemoryError, nor an error while the error is logged.
    """
    try:
        function(*arguments)
    except BaseException as error:
        with suppress(BaseException):
            log_defect(error)
        return False
    return True


def log_defect(error: BaseException) -> None:
    """Log and count a defect of ours; its message might hold a patient's data."""
    DEFECTS.inc()
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "an unknown place"
    log.error("%s at %s", type(error).__name__, where)
