"""Fetches external tasks, runs their handlers in parallel, and finishes each: complete, BPMN error or failure.

Nothing else finishes external tasks. Logs name topic, case reference and task, never a variable's value.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from camunda.external_task.external_task import ExternalTask

from processes.engine import EngineError, EngineRefused, EngineUnavailable
from processes.errors import ProtocolDeviation
from processes.variables import from_engine, to_engine
from workers.client import TaskClient
from workers.library_shape import report_of
from workers.topics import Handler, Refusal

log = logging.getLogger("workers")

REPORT_ATTEMPTS = 8
STOP_AGAIN_AFTER_S = 1.0


class Runtime:
    """Works on the topics of its handlers until it is stopped.

    Args:
        resources: what handlers ask for beside process variables, by parameter name.
        slots: how many tasks run at the same time.
    """

    def __init__(self, client: TaskClient, handlers: list[Handler], resources: dict[str, Any], slots: int):
        self._client = client
        self._handlers = {handler.topic: handler for handler in handlers}
        self._resources = resources
        self._slots = slots
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="task")
        self._running: set[str] = set()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._fetches_no_more = threading.Event()
        self._fetches_no_more.set()

    def run(self) -> None:
        """Fetch and work until stop() is called; returns when the last running task is finished."""
        threading.Thread(target=self._extend_locks, name="locks", daemon=True).start()
        self._fetches_no_more.clear()
        try:
            self._fetch_on()
        finally:
            self._fetches_no_more.set()
        self._pool.shutdown(wait=True)

    def _fetch_on(self) -> None:
        topics = {name: handler.variables for name, handler in self._handlers.items()}
        failures = 0
        while not self._stopping.is_set():
            free = self._wait_for_slot()
            if self._stopping.is_set():
                break
            try:
                tasks = self._client.fetch(topics, free)
                if failures:
                    log.info("the engine answers again")
                failures = 0
            except EngineError as error:
                if not self._stopping.is_set():
                    failures += 1
                    self._rest_after(failures, error)
                continue
            for task in tasks:
                self._begin(task)

    def stop(self) -> None:
        """Fetch no more; run() returns when what runs is finished. May be called from another thread."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        # a poll that was just about to begin comes after the one that ends it
        while not self._fetches_no_more.is_set():
            try:
                self._client.end_poll()
            except EngineError as error:
                log.warning("the last poll could not be ended: %s", error)
            self._fetches_no_more.wait(STOP_AGAIN_AFTER_S)

    def _wait_for_slot(self) -> int:
        with self._changed:
            self._changed.wait_for(lambda: len(self._running) < self._slots or self._stopping.is_set())
            return self._slots - len(self._running)

    def _rest_after(self, failures: int, error: EngineError) -> None:
        pause_s = min(5.0, 0.2 * 2 ** min(failures, 6)) * random.uniform(0.5, 1)
        level = logging.WARNING if failures in (1, 10) else logging.DEBUG
        log.log(level, "no tasks from the engine (%s); trying on", error)
        self._stopping.wait(pause_s)

    def _begin(self, task: dict[str, Any]) -> None:
        with self._changed:
            self._running.add(task["id"])
        self._pool.submit(self._work, task)

    def _work(self, task: dict[str, Any]) -> None:
        try:
            self._handle(task)
        except Exception as error:
            log.error("%s: not reported: %s", _name(task), type(error).__name__)
        finally:
            with self._changed:
                self._running.discard(task["id"])
                self._changed.notify_all()

    def _handle(self, task: dict[str, Any]) -> None:
        handler = self._handlers[task["topicName"]]
        if self._stopping.is_set():
            self._report(task, "unlock")
            return
        try:
            report = self._run_handler(task, handler)
        except ProtocolDeviation as deviation:
            self._report(task, "bpmn_failure", deviation.code, type(deviation).__name__)
        except Exception as error:
            self._fail(task, handler, error)
        else:
            refusal = self._report(task, *report)
            if refusal:
                # something behind the task is broken: an incident tells, an endless repetition wouldn't
                self._fail(task, handler, refusal)

    def _run_handler(self, task: dict[str, Any], handler: Handler) -> tuple[Any, ...]:
        """How to report what the handler has done: the client's method, and its arguments after the task's id."""
        if handler.takes_task:
            return report_of(handler.function(ExternalTask(task)))
        values = from_engine(task["variables"])
        result = to_engine(handler(task["businessKey"], values, self._resources))
        return "complete", result

    def _fail(self, task: dict[str, Any], handler: Handler, error: Exception) -> None:
        left = task["retries"] if task["retries"] is not None else handler.retry.attempts
        left = 0 if isinstance(error, Refusal) else max(0, left - 1)
        pause_s = handler.retry.pause_s(handler.retry.attempts - left) if left else 0
        message = _without_data(error)
        log.warning("%s: %s; %d tries left", _name(task), message, left)
        self._report(task, "failure", message, None, left, int(pause_s * 1000))

    def _report(self, task: dict[str, Any], method: str, *arguments: Any) -> EngineRefused | None:
        """Deliver a result; the handler isn't repeated when the engine can't take it at once.

        Returns what the engine goes on refusing it with.
        """
        refusal = None
        for attempt in range(REPORT_ATTEMPTS):
            try:
                getattr(self._client, method)(task["id"], *arguments)
                log.info("%s: %s", _name(task), method)
                return None
            except EngineRefused as error:
                if error.status < 500:
                    log.warning("%s: dropped, the task is gone or another's (%s)", _name(task), error)
                    return None
                refusal = error
            except EngineUnavailable:
                refusal = None
            time.sleep(min(5.0, 0.1 * 2**attempt) * random.uniform(0.5, 1))
        log.error("%s: the engine took no report", _name(task))
        return refusal

    def _extend_locks(self) -> None:
        pause_s = self._client.config["lockDuration"] / 2000
        while True:
            time.sleep(pause_s)
            with self._changed:
                running = list(self._running)
            for task_id in running:
                try:
                    self._client.extend_lock(task_id)
                except EngineError as error:
                    log.debug("lock of %s not extended: %s", task_id, error)


def _name(task: dict[str, Any]) -> str:
    return f"{task['topicName']} of {task['businessKey']} ({task['id']})"


def _without_data(error: Exception) -> str:
    """What may be shown of an error: our own refusals speak without patients' data, others might not."""
    if isinstance(error, Refusal | EngineError):
        return f"{type(error).__name__}: {error}"
    return type(error).__name__
