"""Periodic background tasks of a process, with metrics and logs of their failures."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prometheus_client import Counter, Gauge

log = logging.getLogger("periodic")

MAX_BACKOFF_S = 8.0
# "max" over processes: it is enough that one of them succeeds
LAST_SUCCESS = Gauge(
    "periodic_task_last_success_timestamp_seconds",
    "When a run last succeeded; the start of the process before the first has",
    ["task"],
    multiprocess_mode="max",
)
INTERVAL = Gauge("periodic_task_interval_seconds", "Interval between two runs", ["task"], multiprocess_mode="max")
FAILURES = Counter("periodic_task_failures", "Runs that raised an error", ["task"])
METRICS = (LAST_SUCCESS, INTERVAL, FAILURES)


@dataclass(frozen=True)
class PeriodicTask:
    """Calls a function at once and then after each interval until stopped; errors don't end it.

    While it fails, the interval doubles up to MAX_BACKOFF_S. Logs an error when it first occurs or changes, by its
    class unless `describe` returns a text, because an error's own text may contain patients' data.

    Attributes:
        name: for the log and the metrics.
        interval_s: between two runs, in seconds.
        describe: returns an error's text for the log, without patients' data; an empty one means its class.
    """

    name: str
    function: Callable[[], Any]
    interval_s: float
    describe: Callable[[BaseException], str] = lambda error: ""

    def start(self, stopping: threading.Event | None = None) -> threading.Thread:
        """Start a daemon thread that runs the task."""
        thread = threading.Thread(target=self.run, args=[stopping or threading.Event()], name=self.name, daemon=True)
        thread.start()
        return thread

    def run(self, stopping: threading.Event) -> None:
        """Run the task until `stopping` is set."""
        INTERVAL.labels(self.name).set(self.interval_s)
        LAST_SUCCESS.labels(self.name).set_to_current_time()
        failures, reported = 0, ""
        while not stopping.is_set():
            failed = self._call()
            if failed and failed != reported:
                log.warning("%s failed (%s), retrying", self.name, failed)
            elif reported and not failed:
                log.info("%s works again", self.name)
            failures, reported = (failures + 1 if failed else 0), failed
            stopping.wait(self._pause_s(failures))

    def _call(self) -> str:
        """Call the function once; returns the description of its error, or an empty text."""
        try:
            self.function()
            LAST_SUCCESS.labels(self.name).set_to_current_time()
        except BaseException as error:
            # BaseException: sys.exit() in the function would end the thread without a trace
            FAILURES.labels(self.name).inc()
            return self._describe(error)
        return ""

    def _describe(self, error: BaseException) -> str:
        try:
            return self.describe(error) or type(error).__name__
        except Exception:
            return type(error).__name__

    def _pause_s(self, failures: int) -> float:
        return min(self.interval_s * 2 ** min(failures, 10), MAX_BACKOFF_S) if failures else self.interval_s
