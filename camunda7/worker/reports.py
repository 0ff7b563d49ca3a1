"""Delivery of reports to the engine, retried until it accepts them, so that handlers aren't repeated."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from camunda7.engine import Conflict, EngineError, EngineRefused, EngineUnavailable, Suspended, Throttled
from camunda7.outages import Outage
from camunda7.worker.client import TaskClient
from camunda7.worker.clock import Clock
from camunda7.worker.metrics import Metrics
from camunda7.worker.outcomes import Report, ReportRejected
from camunda7.worker.tasks import Task, TaskState
from camunda7.worker.threads import Threads

log = logging.getLogger("workers")

# a report that is refused this often, though the task is locked by this worker, becomes a failure and so an incident
MAX_REFUSALS = 5
# calls without a valid response, or with a conflict, before the engine is queried for the task
MAX_UNANSWERED = 15
MAX_PAUSE_S = 5.0
# instances are suspended for hours
MAX_SUSPENDED_PAUSE_S = 30.0


@dataclass(frozen=True)
class Delivery:
    """A report that is being delivered.

    Attributes:
        attempts: number of failed calls.
        refusals: how often since the last outage the engine refused it though the task is locked by this worker.
    """

    task: Task
    report: Report
    attempts: int = 0
    refusals: int = 0


class Reports:
    """Delivers reports.

    Args:
        threads: for the calls.
        failed: creates the failure report of a task whose report the engine refuses.
        ended: called with the task when its delivery has ended, and with the accepted report, if any.
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
        self._calls: dict[str, Callable[..., None]] = {
            "complete": client.complete,
            "bpmn_failure": client.bpmn_failure,
            "failure": client.failure,
            "unlock": client.unlock,
        }
        self._threads = threads
        self._clock = clock
        self._metrics = metrics
        self._failed = failed
        self._on_end = ended
        self._outage = Outage("reports to the engine", log)
        self._waiting = 0
        self._open = 0
        self._guard = threading.Lock()

    def send(self, task: Task, report: Report) -> None:
        """Deliver a task's report asynchronously."""
        task.enter(TaskState.REPORT_PENDING)
        with self._guard:
            self._open += 1
        self._submit(Delivery(task, report))

    @property
    def waiting(self) -> int:
        """Number of reports that wait for a free thread."""
        return self._waiting

    @property
    def open(self) -> int:
        """Number of reports that aren't delivered yet."""
        return self._open

    def _submit(self, delivery: Delivery) -> None:
        with self._guard:
            self._waiting += 1
        self._threads.submit(self._deliver, delivery)

    def _deliver(self, delivery: Delivery) -> None:
        with self._guard:
            self._waiting -= 1
        task, report = delivery.task, delivery.report
        if not task.enter(TaskState.REPORTING):
            self._end(task, None)
            return
        try:
            self._call(task, report)
        except EngineError as error:
            self._handle_error(replace(delivery, attempts=delivery.attempts + 1), error)
        except Exception as error:
            # the report can't be written as JSON
            self._give_up(replace(delivery, attempts=delivery.attempts + 1), error)
        else:
            self._outage.record_success()
            self._metrics.reported.labels(task.topic, report.method).inc()
            # an outage is logged once for all of the topic's tasks, by Outage
            level = logging.DEBUG if report.is_outage else logging.INFO
            log.log(level, report.method, extra={**task.labels, **(report.log_fields or {})})
            self._end(task, report)

    def _call(self, task: Task, report: Report) -> None:
        try:
            with self._metrics.report.labels(report.method).time():
                self._calls[report.method](task.id, *report.arguments)
        except BaseException:
            task.enter(TaskState.REPORT_PENDING)
            raise

    def _handle_error(self, delivery: Delivery, error: EngineError) -> None:
        """Retry, drop or replace a report after an error, depending on the task's state in the engine."""
        self._metrics.call_errors.labels(delivery.report.method).inc()
        if isinstance(error, Suspended | Throttled):
            # Suspended: the task is locked by this worker, because the engine checks the worker first
            self._retry_later(delivery, error)
            return
        if not isinstance(error, EngineRefused) and delivery.attempts < MAX_UNANSWERED:
            self._retry_later(delivery, error)
            return
        try:
            is_ours = self._client.holds(delivery.task.id)
        except EngineError:
            self._retry_later(replace(delivery, refusals=0), error)
            return
        delivery = replace(delivery, refusals=delivery.refusals + 1)
        if not is_ours:
            self._drop(delivery.task, error)
        elif delivery.refusals < MAX_REFUSALS:
            self._retry_later(delivery, error)
        else:
            self._give_up(delivery, error)

    def _drop(self, task: Task, error: EngineError) -> None:
        self._metrics.dropped.labels(task.topic).inc()
        log.warning(
            "report dropped: the task was deleted or another worker has it", extra={**task.labels, "error": str(error)}
        )
        self._end(task, None)

    def _give_up(self, delivery: Delivery, error: Exception) -> None:
        """Replace a refused report by a failure.

        The engine refuses a failure only while it accepts no report of the task, for example without authorization. It
        is retried until then, and the lock is renewed, so that the handler isn't repeated.
        """
        task = delivery.task
        if delivery.report.method == "unlock":
            log.warning("not unlocked, its lock will expire", extra={**task.labels, "error": str(error)})
            self._end(task, None)
            return
        reason = (
            error if isinstance(error, EngineRefused) or not isinstance(error, EngineError) else ReportRejected(error)
        )
        self._retry_later(replace(delivery, report=self._failed(task, reason), refusals=0), error)

    def _retry_later(self, delivery: Delivery, error: Exception) -> None:
        if isinstance(error, EngineUnavailable) and not isinstance(error, Conflict):
            self._outage.record_failure(error)
        else:
            level = logging.DEBUG if isinstance(error, Conflict) or delivery.attempts != 3 else logging.WARNING
            labels = {**delivery.task.labels, "error": _describe(error)}
            log.log(level, "report not accepted, retrying", extra=labels)
        first_s = 0.02 if isinstance(error, Conflict) else 0.1
        max_s = MAX_SUSPENDED_PAUSE_S if isinstance(error, Suspended) else MAX_PAUSE_S
        pause_s = random.uniform(0.5, 1) * min(max_s, first_s * 2 ** min(delivery.attempts, 10))
        if isinstance(error, EngineUnavailable):
            pause_s = max(pause_s, error.retry_after_s)
        self._clock.call_at(time.monotonic() + pause_s, lambda: self._submit(delivery))

    def _end(self, task: Task, report: Report | None) -> None:
        task.enter(TaskState.DONE)
        self._on_end(task, report)
        with self._guard:
            self._open -= 1


def _describe(error: Exception) -> str:
    """Describe an error for the log: other errors than the engine's may contain patients' data."""
    return str(error) if isinstance(error, EngineError) else type(error).__name__
