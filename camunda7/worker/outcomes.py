"""Runs a handler, and converts its result or exception to a report: complete, BPMN error or failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from camunda.external_task.external_task import ExternalTask

from camunda7.engine import EngineError, EngineUnavailable
from camunda7.errors import Faulty, Refusal, Unavailable
from camunda7.outages import Outage
from camunda7.variables import UNTYPED, Catalogue, UndeclaredVariable, from_engine, replace_unstorable_characters
from camunda7.worker.context import Cancelled, Context
from camunda7.worker.library_handlers import InvalidResult, to_report
from camunda7.worker.retry import InvalidRetry
from camunda7.worker.tasks import Task
from camunda7.worker.topics import Handler

ErrorTypes = tuple[type[BaseException], ...]
RETRY_DUE = "tried again at "


class ReportRejected(Exception):
    """The engine rejects a report though the task is locked by this worker; the message has the call and its error."""


# errors whose text has no patients' data; of others only the class is logged and reported
ERRORS_SAFE_TO_LOG = (
    Refusal,
    Unavailable,
    Faulty,
    EngineError,
    UndeclaredVariable,
    InvalidRetry,
    InvalidResult,
    ReportRejected,
)
# the column of an incident's message in the engine's database
MAX_MESSAGE_LENGTH = 666


@dataclass(frozen=True)
class Report:
    """A report of a task to the engine.

    Attributes:
        method: of the client: complete, bpmn_failure, failure or unlock.
        arguments: of the method, after the task's id.
        log_fields: key=value pairs of the log line.
        due_in_s: for a failure with retries left, seconds until the task may be fetched again.
        is_outage: the failure is caused by an outage, not by the task.
    """

    method: str
    arguments: tuple[Any, ...] = ()
    log_fields: Mapping[str, Any] | None = None
    due_in_s: float | None = None
    is_outage: bool = False

    @property
    def ends_task(self) -> bool:
        """Whether the engine deletes the task when it accepts this report."""
        return self.method in ("complete", "bpmn_failure")


UNLOCK = Report("unlock")


def run_handler(
    task: Task,
    handler: Handler,
    resources: Mapping[str, Any],
    outage: Outage,
    unavailable_errors: ErrorTypes = (),
    catalogue: Catalogue = UNTYPED,
) -> Report | None:
    """Run a task's handler, and return the report; None if the task was lost.

    Args:
        outage: outage state of the server that the topic's handler calls.
        unavailable_errors: exceptions of handlers that are treated like Unavailable.
        catalogue: the variables that a handler may write.
    """
    try:
        return _result(task, handler, resources, catalogue)
    except Cancelled as cancelled:
        return None if task.is_lost else create_failure_report(task, handler, cancelled, outage)
    except handler.errors as deviation:
        return Report("bpmn_failure", (deviation.code, type(deviation).__name__), {"code": deviation.code})
    except BaseException as error:
        # BaseException: sys.exit() in a handler must not end the worker
        return create_failure_report(task, handler, error, outage, unavailable_errors)


def create_failure_report(
    task: Task, handler: Handler, error: BaseException, outage: Outage, unavailable_errors: ErrorTypes = ()
) -> Report:
    """Create the report of a failure, with a message without patients' data.

    Retries are counted down, and pauses grow. During an outage of the server that the handler calls, retries aren't
    counted, and the pause grows with the outage.
    """
    message = _safe_message(error)
    try:
        retry = handler.retry.override(task.properties)
    except InvalidRetry as wrong:
        retry, message, error = handler.retry, _safe_message(wrong), wrong
    left = task.retries if task.retries is not None else retry.attempts
    if isinstance(error, (Unavailable, EngineUnavailable, *unavailable_errors)):
        return replace(_create_retry_report(message, left, outage.record_failure(error, message)), is_outage=True)
    left -= 1
    if left <= 0 or isinstance(error, Refusal | InvalidRetry):
        return Report("failure", (message, None, 0, 0), {"error": message, "retries": 0})
    return _create_retry_report(message, left, retry.pause_s(max(1, retry.attempts - left)))


def _create_retry_report(message: str, left: int, pause_s: float) -> Report:
    """Create the report of a failure with retries left."""
    due = (datetime.now(UTC) + timedelta(seconds=pause_s)).isoformat(timespec="milliseconds")
    log_fields = {"error": message, "retries": left, "retry_in_s": round(pause_s, 1)}
    return Report("failure", (message, RETRY_DUE + due, left, int(pause_s * 1000)), log_fields, pause_s)


def _result(task: Task, handler: Handler, resources: Mapping[str, Any], catalogue: Catalogue) -> Report:
    values = {} if handler.takes_task else from_engine(task.raw["variables"])
    context = Context(task.id, handler.effect_key(task.business_key, values), last_attempt=task.retries == 1)
    task.attach(context)
    if handler.takes_task:
        return _create_library_report(task, *to_report(handler.function(ExternalTask(task.raw))))
    written = handler(values, task.business_key, context, resources)
    return Report("complete", (catalogue.to_engine(written or {}),))


def _create_library_report(task: Task, method: str, *arguments: Any) -> Report:
    if method != "failure":
        return Report(method, arguments)
    message, details, retries, pause_ms = arguments
    if task.retries is not None:
        # each failure counts as an attempt, also if the handler returns more retries
        retries = min(retries, max(0, task.retries - 1))
    arguments = message, details, retries, pause_ms
    return Report(method, arguments, {"retries": retries}, pause_ms / 1000 if retries else None)


def _safe_message(error: BaseException) -> str:
    name = type(error).__name__
    try:
        message = f"{name}: {error}" if isinstance(error, ERRORS_SAFE_TO_LOG) else name
    except Exception:
        # its __str__ raises
        message = name
    return replace_unstorable_characters(message)[:MAX_MESSAGE_LENGTH]
