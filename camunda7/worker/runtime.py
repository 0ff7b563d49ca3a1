"""Puts the parts of the runtime together: works on the topics of its handlers until it is stopped."""

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
from camunda7.worker.outcomes import UNLOCK, Outages, Report, failure_of, outcome_of
from camunda7.worker.poller import Poller
from camunda7.worker.reports import Reports
from camunda7.worker.tasks import Task, TaskState
from camunda7.worker.threads import Threads, log_defect, run_until
from camunda7.worker.topics import Handler
from camunda7.worker.wake_up import WakeUp

log = logging.getLogger("workers")

# reports and renewals at the same time; more make no engine faster
CALLS = 8
# beside a poll, a turn of the loop that fetches takes less than this
TURNS_WITHIN_S = 10.0
# for handing back what is left when time is up
UNLOCKED_WITHIN_S = 3.0


class Runtime:
    """One worker process's runtime.

    Args:
        client: what it talks to the engine by.
        handlers: of the topics that it works on, one each.
        resources: what handlers ask for beside process variables, by parameter name.
        slots: how many handlers run at the same time.
        shutdown_timeout_s: how long handlers that run may still take when it is stopped.
        outages: errors of the handlers that mean the same as Unavailable.
        catalogue: the variables that handlers may write.
    """

    def __init__(
        self,
        client: TaskClient,
        handlers: list[Handler],
        resources: Mapping[str, Any],
        slots: int,
        shutdown_timeout_s: float = 10.0,
        outages: Outages = (),
        catalogue: Catalogue = UNTYPED,
    ):
        self.client = client
        self._handlers = {handler.topic: handler for handler in handlers}
        self._resources = resources
        self._shutdown_timeout_s = shutdown_timeout_s
        self._outages = outages
        self._catalogue = catalogue
        self._outage_of = {topic: Outage(topic, log) for topic in self._handlers}
        self._asked_to_stop = threading.Event()
        self._stopped = threading.Event()
        self._at_once = threading.Event()
        self.metrics = Metrics()
        self._threads = Threads(CALLS, "engine")
        self._locks = LockKeeper(client, self._threads, self.metrics)
        self._wake_up = WakeUp(client)
        self._reports = Reports(client, self._threads, Clock(), self.metrics, self._failure, self._ended)
        self._slots = HandlerPool(slots, self._handlers, self._work, lambda: self._reports.waiting)
        topics = {name: handler.variables for name, handler in self._handlers.items()}
        self._poller = Poller(client, topics, self._slots, self._locks.register, self._wake_up, self.metrics)
        self._watch_figures()

    def run(self) -> None:
        """Work until stop() is called; returns when nothing is left that this process has locked."""
        for keeper in (self._locks.keep, self._wake_up.run, self._hand_back_overdue):
            threading.Thread(target=run_until, args=(self._stopped, keeper), daemon=True).start()
        arguments = (self._asked_to_stop, lambda _: self._poller.run())
        poller = threading.Thread(target=run_until, args=arguments, name="poller", daemon=True)
        poller.start()
        self._asked_to_stop.wait()
        deadline = time.monotonic() + self._shutdown_timeout_s
        self._wait_for(lambda: not poller.is_alive(), deadline)
        self._drain(deadline)
        self._stopped.set()

    def stop(self) -> None:
        """Fetch no more, finish what runs, hand back the rest; asked again, hand back what runs too, at once.

        May be called from another thread; returns when no poll is left behind.
        """
        if self._asked_to_stop.is_set():
            self._at_once.set()
        self._asked_to_stop.set()
        self._slots.close()
        self._poller.stop()

    @property
    def turns(self) -> bool:
        """Whether the loop that fetches goes on."""
        return time.monotonic() - self._poller.turned_at < self.client.poll_timeout_s + TURNS_WITHIN_S

    def _work(self, task: Task) -> None:
        if not task.enter(TaskState.RUNNING):
            return
        handler = self._handlers[task.topic]
        with self.metrics.handler.labels(task.topic).time():
            report = self._outcome(task, handler)
        if report and report.ends_task:
            self._outage_of[task.topic].recovered()
        if report:
            self._reports.send(task, report)

    def _outcome(self, task: Task, handler: Handler) -> Report | None:
        try:
            outage = self._outage_of[task.topic]
            return outcome_of(task, handler, self._resources, outage, self._outages, self._catalogue)
        except BaseException as error:
            # a task of which nothing was reported would stay locked for as long as this process runs
            log_defect(error)
            return self._failure(task, error)

    def _failure(self, task: Task, error: BaseException) -> Report:
        return failure_of(task, self._handlers[task.topic], error, self._outage_of[task.topic], self._outages)

    def _ended(self, task: Task, report: Report | None) -> None:
        self._locks.unregister(task, gone=report is not None and report.ends_task)
        if report and task.next_delivery and self._locks.register(task.next_delivery):
            self._slots.add([task.next_delivery])
        self._slots.notify_capacity_changed()
        if report and report.due_in_s is not None:
            self._wake_up.due_in(report.due_in_s)

    def _hand_back_overdue(self, stopped: threading.Event) -> None:
        """Handlers turned out slower than when these were fetched."""
        while not stopped.wait(MAX_QUEUED_S / 4):
            for task in self._slots.take_waiting(MAX_QUEUED_S):
                self._reports.send(task, UNLOCK)

    def _drain(self, deadline: float) -> None:
        self._slots.close()
        for task in self._slots.take_waiting():
            self._reports.send(task, UNLOCK)
        self._wait_for(lambda: not self._slots.running() and not self._reports.open, deadline)
        self._hand_back([task for task in self._locks.held_tasks() if task.lose()])

    def _wait_for(self, condition: Callable[[], bool], deadline: float) -> None:
        """Until it is so, time is up, or everything is to end at once."""
        while not condition() and time.monotonic() < deadline:
            if self._at_once.wait(0.02):
                return

    def _hand_back(self, tasks: list[Task]) -> None:
        """Unlock lost tasks when time is up: other workers may have them at once."""
        if tasks:
            log.warning("time is up: handed back while they ran: %d tasks", len(tasks))
        left = threading.Semaphore(0)
        for task in tasks:
            self._threads.submit(self._unlock, task, left)
        deadline = time.monotonic() + UNLOCKED_WITHIN_S
        for _ in tasks:
            left.acquire(timeout=max(0, deadline - time.monotonic()))

    def _unlock(self, task: Task, done: threading.Semaphore) -> None:
        try:
            self.client.unlock(task.id)
        except EngineError as error:
            log.warning("not handed back", extra={**task.labels, "error": str(error)})
        finally:
            done.release()

    def _watch_figures(self) -> None:
        in_flight = self.metrics.in_flight
        in_flight.labels("waiting").set_function(lambda: self._slots.figures()["waiting"])
        in_flight.labels("running").set_function(lambda: self._slots.figures()["running"])
        in_flight.labels("reporting").set_function(lambda: self._reports.open)
