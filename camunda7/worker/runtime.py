"""The worker runtime: fetches the tasks of its handlers' topics and runs them, until it is stopped."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from camunda7.engine import EngineError
from camunda7.outages import Outage
from camunda7.variables import UNTYPED, Catalogue
from camunda7.worker.client import TaskClient
from camunda7.worker.clock import Clock
from camunda7.worker.handler_pool import MAX_QUEUED_S, HandlerPool
from camunda7.worker.lock_keeper import LockKeeper
from camunda7.worker.metrics import Metrics
from camunda7.worker.outcomes import UNLOCK, ErrorTypes, Report, create_failure_report, run_handler
from camunda7.worker.poller import Poller
from camunda7.worker.reports import Reports
from camunda7.worker.tasks import Task, TaskState
from camunda7.worker.threads import Threads, log_defect, run_until
from camunda7.worker.topics import Handler
from camunda7.worker.wake_up import WakeUp

log = logging.getLogger("workers")

# concurrent calls for reports and lock renewals; more don't increase the throughput
ENGINE_THREADS = 8
# maximum duration of an iteration of the fetch loop, in addition to its poll
POLL_LOOP_TIMEOUT_S = 10.0
# timeout for unlocking the remaining tasks at shutdown
UNLOCK_TIMEOUT_S = 3.0
# timeout for the poll to end after the shutdown timeout, or after a second stop()
POLL_END_TIMEOUT_S = 3.0


class Runtime:
    """The runtime of a worker process.

    Args:
        client: of the engine.
        handlers: one for each topic.
        resources: values of the handlers' keyword-only parameters, by name.
        slots: number of handlers that run at the same time.
        shutdown_timeout_s: maximum time for running handlers to finish after stop(), in seconds.
        unavailable_errors: exceptions of handlers that are treated like Unavailable.
        catalogue: the variables that handlers may write.
    """

    def __init__(
        self,
        client: TaskClient,
        handlers: list[Handler],
        resources: Mapping[str, Any],
        slots: int,
        shutdown_timeout_s: float = 10.0,
        *,
        unavailable_errors: ErrorTypes = (),
        catalogue: Catalogue = UNTYPED,
    ):
        self.client = client
        self._handlers = {handler.topic: handler for handler in handlers}
        self._resources = resources
        self._shutdown_timeout_s = shutdown_timeout_s
        self._unavailable_errors = unavailable_errors
        self._catalogue = catalogue
        self._outage_by_topic = {topic: Outage(topic, log) for topic in self._handlers}
        self._stop_requested = threading.Event()
        self._stopped = threading.Event()
        self._stop_now = threading.Event()
        self.metrics = Metrics()
        self._threads = Threads(ENGINE_THREADS, "engine")
        self._locks = LockKeeper(client, self._threads, self.metrics)
        self._wake_up = WakeUp(client)
        self._reports = Reports(client, self._threads, Clock(), self.metrics, self._failure, self._on_delivery_end)
        self._pool = HandlerPool(slots, self._handlers, self._work, lambda: self._reports.waiting)
        topics = {name: handler.variables for name, handler in self._handlers.items()}
        self._poller = Poller(client, topics, self._pool, self._locks.register, self._wake_up, self.metrics)
        self._register_gauges()

    def run(self) -> None:
        """Work until stop() is called; returns when this process has no locked task left."""
        for loop in (self._locks.run, self._wake_up.run, self._unlock_overdue):
            threading.Thread(target=run_until, args=(self._stopped, loop), daemon=True).start()
        arguments = (self._stop_requested, lambda _: self._poller.run())
        poller = threading.Thread(target=run_until, args=arguments, name="poller", daemon=True)
        poller.start()
        self._stop_requested.wait()
        deadline = time.monotonic() + self._shutdown_timeout_s
        self._wait_for(lambda: not poller.is_alive(), deadline)
        # an open poll would lock the tasks again that are unlocked now
        poller.join(POLL_END_TIMEOUT_S)
        self._drain(deadline)
        self._stopped.set()

    def stop(self) -> None:
        """Stop fetching, let running handlers finish, and unlock queued tasks; a second call unlocks all at once.

        Thread-safe; returns when the poll has ended.
        """
        if self._stop_requested.is_set():
            self._stop_now.set()
        self._stop_requested.set()
        self._pool.close()
        self._poller.stop()

    @property
    def is_polling(self) -> bool:
        """Whether the fetch loop runs."""
        return time.monotonic() - self._poller.last_turn_at < self.client.poll_timeout_s + POLL_LOOP_TIMEOUT_S

    def _work(self, task: Task) -> None:
        if not task.enter(TaskState.RUNNING):
            return
        handler = self._handlers[task.topic]
        with self.metrics.handler.labels(task.topic).time():
            report = self._outcome(task, handler)
        if report and report.ends_task:
            self._outage_by_topic[task.topic].record_success()
        if report:
            self._reports.send(task, report)

    def _outcome(self, task: Task, handler: Handler) -> Report | None:
        try:
            outage = self._outage_by_topic[task.topic]
            return run_handler(task, handler, self._resources, outage, self._unavailable_errors, self._catalogue)
        except BaseException as error:
            # without a report the task would stay locked as long as this process runs
            log_defect(error)
            return self._failure(task, error)

    def _failure(self, task: Task, error: BaseException) -> Report:
        return create_failure_report(
            task, self._handlers[task.topic], error, self._outage_by_topic[task.topic], self._unavailable_errors
        )

    def _on_delivery_end(self, task: Task, report: Report | None) -> None:
        self._locks.unregister(task, is_deleted=report is not None and report.ends_task)
        if report and task.next_delivery and self._locks.register(task.next_delivery):
            self._pool.add([task.next_delivery])
        self._pool.notify_capacity_changed()
        if report and report.due_in_s is not None:
            self._wake_up.due_in(report.due_in_s)

    def _unlock_overdue(self, stopped: threading.Event) -> None:
        """Unlock tasks that are queued for too long, because handlers have become slower since the fetch."""
        while not stopped.wait(MAX_QUEUED_S / 4):
            for task in self._pool.remove_queued(MAX_QUEUED_S):
                self._reports.send(task, UNLOCK)

    def _drain(self, deadline: float) -> None:
        self._pool.close()
        for task in self._pool.remove_queued():
            self._reports.send(task, UNLOCK)
        self._wait_for(lambda: not self._pool.running() and not self._reports.open, deadline)
        self._unlock_tasks([task for task in self._locks.held_tasks() if task.lose()])

    def _wait_for(self, condition: Callable[[], bool], deadline: float) -> None:
        """Wait until a condition holds, the deadline has passed, or stop() was called a second time."""
        while not condition() and time.monotonic() < deadline:
            if self._stop_now.wait(0.02):
                return

    def _unlock_tasks(self, tasks: list[Task]) -> None:
        """Unlock lost tasks after the shutdown timeout, so that other workers may fetch them at once."""
        if tasks:
            log.warning("shutdown timeout: unlocking %d running tasks", len(tasks))
        done = threading.Semaphore(0)
        for task in tasks:
            self._threads.submit(self._unlock, task, done)
        deadline = time.monotonic() + UNLOCK_TIMEOUT_S
        for _ in tasks:
            done.acquire(timeout=max(0, deadline - time.monotonic()))

    def _unlock(self, task: Task, done: threading.Semaphore) -> None:
        try:
            self.client.unlock(task.id)
        except EngineError as error:
            log.warning("not unlocked, its lock will expire", extra={**task.labels, "error": str(error)})
        finally:
            done.release()

    def _register_gauges(self) -> None:
        in_flight = self.metrics.in_flight
        in_flight.labels("waiting").set_function(lambda: self._pool.figures()["waiting"])
        in_flight.labels("running").set_function(lambda: self._pool.figures()["running"])
        in_flight.labels("reporting").set_function(lambda: self._reports.open)
