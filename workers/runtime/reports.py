"""Delivers reports to the engine: again and again until it has them, and the handlers aren't repeated."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable

from processes.engine import Conflict, EngineError, EngineRefused, EngineUnavailable
from processes.outages import Outage
from workers.runtime.client import TaskClient
from workers.runtime.clock import Clock
from workers.runtime.metrics import Metrics
from workers.runtime.outcomes import Report
from workers.runtime.tasks import Task
from workers.runtime.threads import Threads

log = logging.getLogger("workers")

# what the engine goes on answering 500 to is broken behind the task: an incident tells, an endless repetition wouldn't
MOST_REFUSALS = 5
LONGEST_PAUSE_S = 5.0


class Reports:
    """Reports on their way.

    Args:
        threads: what the calls run on.
        failed: makes the report of a failure of a task whose result the engine refuses.
        ended: called with the task when nothing more is to be reported of it, and with what was taken, if anything.
    """

    def __init__(
        self,
        client: TaskClient,
        threads: Threads,
        clock: Clock,
        metrics: Metrics,
        failed: Callable[[Task, Exception], Report],
        ended: Callable[[Task, Report | None], None],
    ):
        self._client = client
        self._threads = threads
        self._clock = clock
        self._metrics = metrics
        self._failed = failed
        self._ended = ended
        self._outage = Outage("reports to the engine", log)
        self._waiting = 0
        self._open = 0
        self._guard = threading.Lock()

    def send(self, task: Task, report: Report) -> None:
        """Deliver a task's report, from another thread."""
        with self._guard:
            self._open += 1
        self._submit(task, report, 1)

    @property
    def waiting(self) -> int:
        """How many could be sent at once if the engine were faster."""
        return self._waiting

    @property
    def open(self) -> int:
        """How many the engine hasn't taken yet."""
        return self._open

    def _submit(self, task: Task, report: Report, attempt: int) -> None:
        with self._guard:
            self._waiting += 1
        self._threads.submit(self._deliver, task, report, attempt)

    def _deliver(self, task: Task, report: Report, attempt: int) -> None:
        with self._guard:
            self._waiting -= 1
        if task.lost:
            self._end(task, None)
            return
        try:
            self._call(task, report)
        except EngineRefused as error:
            self._refused(task, report, attempt, error)
        except EngineError as error:
            self._again_later(task, report, attempt, error)
        except (TypeError, ValueError) as error:
            # the handler's result can't be written as JSON
            self._submit(task, self._failed(task, error), 1)
        else:
            self._outage.recovered()
            self._metrics.reported.labels(task.topic, report.method).inc()
            # of an outage there is one line for all of the topic's tasks
            level = logging.DEBUG if report.is_outage else logging.INFO
            log.log(level, report.method, extra={**task.labels, **(report.said or {})})
            self._end(task, report)

    def _call(self, task: Task, report: Report) -> None:
        task.reporting = True
        try:
            with self._metrics.report.labels(report.method).time():
                getattr(self._client, report.method)(task.id, *report.arguments)
        except BaseException:
            task.reporting = False
            raise

    def _refused(self, task: Task, report: Report, attempt: int, error: EngineRefused) -> None:
        if error.status < 500:
            self._metrics.dropped.labels(task.topic).inc()
            log.warning("dropped: the task is gone or another's", extra={**task.labels, "error": str(error)})
            self._end(task, None)
        elif attempt >= MOST_REFUSALS and report.method != "failure":
            self._submit(task, self._failed(task, error), 1)
        else:
            self._again_later(task, report, attempt, error)

    def _again_later(self, task: Task, report: Report, attempt: int, error: EngineError) -> None:
        self._metrics.call_errors.labels(report.method).inc()
        if isinstance(error, EngineUnavailable) and not isinstance(error, Conflict):
            self._outage.failed(error)
        else:
            level = logging.DEBUG if isinstance(error, Conflict) or attempt != 3 else logging.WARNING
            log.log(level, "kept: the engine didn't take it yet", extra={**task.labels, "error": str(error)})
        first_s = 0.02 if isinstance(error, Conflict) else 0.1
        pause_s = random.uniform(0.5, 1) * min(LONGEST_PAUSE_S, first_s * 2 ** min(attempt, 10))
        self._clock.call_at(time.monotonic() + pause_s, lambda: self._submit(task, report, attempt + 1))

    def _end(self, task: Task, report: Report | None) -> None:
        self._ended(task, report)
        with self._guard:
            self._open -= 1
