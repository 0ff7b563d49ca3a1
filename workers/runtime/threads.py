"""Threads for calls to the engine. They don't hold up the end of the process, as those of concurrent.futures would."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
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
            try:
                function(*arguments)
            except Exception as error:
                log_defect(error)


def run_until(stopped: threading.Event, loop: Callable[[threading.Event], None]) -> None:
    """Run a loop that returns when `stopped` is set; one that raises an error is started again."""
    while not stopped.is_set():
        try:
            loop(stopped)
        except Exception as error:
            log_defect(error)
            stopped.wait(RESTART_AFTER_S)


def log_defect(error: Exception) -> None:
    """Log and count a defect of ours on a thread that is still needed; its message might hold a patient's data."""
    DEFECTS.inc()
    where = traceback.extract_tb(error.__traceback__)[-1]
    log.error("%s at %s:%s", type(error).__name__, where.filename, where.lineno)
