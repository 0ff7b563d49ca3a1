"""Delivers reports to the engine: again and again until it has them, and the handlers aren't repeated."""

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
from camunda7.worker.outcomes import NotTaken, Report
from camunda7.worker.tasks import Task, TaskState
from camunda7.worker.threads import Threads

log = logging.getLogger("workers")

# a report that the engine refuses as often, though the task is this worker's, becomes a failure: an incident in the end
MAX_REFUSALS = 5
# calls without a proper answer, or with one that says that another transaction was faster: an outage, until the engine
# answers a question about the task properly
MAX_UNANSWERED = 15
MAX_PAUSE_S = 5.0
# instances are suspended for hours
MAX_SUSPENDED_PAUSE_S = 30.0


@dataclass(frozen=True)
class Delivery:
    """A report on its way.

    Attributes:
        attempts: calls that have failed.
        refusals: how often since the last outage the engine didn't take it, though it has the task for this worker.
    """

    task: Task
    report: Report
    attempts: int = 0
    refusals: int = 0


class Reports:
    """Reports on their way.

    Args:
        threads: what the calls run on.
        failed: makes the report of a failure of a task whose report the engine doesn't take.
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
        task.enter(TaskState.REPORT_PENDING)
        with self._guard:
            self._open += 1
        self._submit(Delivery(task, report))

    @property
    def waiting(self) -> int:
        """How many could be sent at once if the engine were faster."""
        return self._waiting

    @property
    def open(self) -> int:
        """How many the engine hasn't taken yet."""
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
            self._not_taken(replace(delivery, attempts=delivery.attempts + 1), error)
        except Exception as error:
            # the report can't be written as JSON
            self._give_up(replace(delivery, attempts=delivery.attempts + 1), error)
        else:
            self._outage.recovered()
            self._metrics.reported.labels(task.topic, report.method).inc()
            # of an outage there is one line for all of the topic's tasks
            level = logging.DEBUG if report.is_outage else logging.INFO
            log.log(level, report.method, extra={**task.labels, **(report.said or {})})
            self._end(task, report)

    def _call(self, task: Task, report: Report) -> None:
        try:
            with self._metrics.report.labels(report.method).time():
                getattr(self._client, report.method)(task.id, *report.arguments)
        except BaseException:
            task.enter(TaskState.REPORT_PENDING)
            raise

    def _not_taken(self, delivery: Delivery, error: EngineError) -> None:
        """Ask the engine for the task: only then is it known whether the report is late, wrong, or may come again."""
        self._metrics.call_errors.labels(delivery.report.method).inc()
        if isinstance(error, Suspended | Throttled):
            # suspended: the engine has the task, and has it for this worker, for it compares the worker first
            self._again_later(delivery, error)
            return
        if not isinstance(error, EngineRefused) and delivery.attempts < MAX_UNANSWERED:
            self._again_later(delivery, error)
            return
        try:
            is_ours = self._client.holds(delivery.task.id)
        except EngineError:
            self._again_later(replace(delivery, refusals=0), error)
            return
        delivery = replace(delivery, refusals=delivery.refusals + 1)
        if not is_ours:
            self._drop(delivery.task, error)
        elif delivery.refusals < MAX_REFUSALS:
            self._again_later(delivery, error)
        else:
            self._give_up(delivery, error)

    def _drop(self, task: Task, error: EngineError) -> None:
        self._metrics.dropped.labels(task.topic).inc()
        log.warning("dropped: the task is gone or another's", extra={**task.labels, "error": str(error)})
        self._end(task, None)

    def _give_up(self, delivery: Delivery, error: Exception) -> None:
        """Report a failure in place of what the engine doesn't take.

        A plain failure is refused only while nothing of the task may be reported, such as when the account isn't
        allowed. It is sent until that ends, and the lock is kept, so that the handler isn't repeated.
        """
        task = delivery.task
        if delivery.report.method == "unlock":
            log.warning("not handed back: its lock will run out", extra={**task.labels, "error": str(error)})
            self._end(task, None)
            return
        reason = error if isinstance(error, EngineRefused) or not isinstance(error, EngineError) else NotTaken(error)
        self._again_later(replace(delivery, report=self._failed(task, reason), refusals=0), error)

    def _again_later(self, delivery: Delivery, error: Exception) -> None:
        if isinstance(error, EngineUnavailable) and not isinstance(error, Conflict):
            self._outage.failed(error)
        else:
            level = logging.DEBUG if isinstance(error, Conflict) or delivery.attempts != 3 else logging.WARNING
            labels = {**delivery.task.labels, "error": _name(error)}
            log.log(level, "kept: the engine didn't take it yet", extra=labels)
        first_s = 0.02 if isinstance(error, Conflict) else 0.1
        max_s = MAX_SUSPENDED_PAUSE_S if isinstance(error, Suspended) else MAX_PAUSE_S
        pause_s = random.uniform(0.5, 1) * min(max_s, first_s * 2 ** min(delivery.attempts, 10))
        if isinstance(error, EngineUnavailable):
            pause_s = max(pause_s, error.retry_after_s)
        self._clock.call_at(time.monotonic() + pause_s, lambda: self._submit(delivery))

    def _end(self, task: Task, report: Report | None) -> None:
        task.enter(TaskState.DONE)
        self._ended(task, report)
        with self._guard:
            self._open -= 1


def _name(error: Exception) -> str:
    """An engine's error names the call; the text of any other might hold a patient's data."""
    return str(error) if isinstance(error, EngineError) else type(error).__name__
