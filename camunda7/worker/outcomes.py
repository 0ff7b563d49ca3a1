"""What a handler's end means to the engine: the one place that decides between result, BPMN error and failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from camunda.external_task.external_task import ExternalTask

from camunda7.engine import EngineError, EngineUnavailable
from camunda7.errors import Faulty, Refusal, Unavailable
from camunda7.outages import Outage
from camunda7.variables import UNTYPED, Catalogue, UndeclaredVariable, from_engine, storable_text
from camunda7.worker.context import Cancelled, Context
from camunda7.worker.library_handlers import WrongResult, report_of
from camunda7.worker.retry import WrongRetry
from camunda7.worker.tasks import Task
from camunda7.worker.topics import Handler

Outages = tuple[type[BaseException], ...]
RETRY_DUE = "tried again at "


class NotTaken(Exception):
    """The engine has the task for this worker, and doesn't take the report of it; says the call and its error."""


# these speak of names and calls, never of what a patient said; of any other error only the class is named
SPEAK_WITHOUT_DATA = (
    Refusal,
    Unavailable,
    Faulty,
    EngineError,
    UndeclaredVariable,
    WrongRetry,
    WrongResult,
    NotTaken,
)
# the engine's incidents keep as many characters
MAX_MESSAGE_LENGTH = 666


@dataclass(frozen=True)
class Report:
    """What the engine is told of a task.

    Attributes:
        method: the client's: complete, bpmn_failure, failure or unlock.
        arguments: the method's, after the task's id.
        said: for the log.
        due_in_s: after a failure with retries left, when the task may be fetched again.
        is_outage: the failure isn't the task's own.
    """

    method: str
    arguments: tuple[Any, ...] = ()
    said: Mapping[str, Any] | None = None
    due_in_s: float | None = None
    is_outage: bool = False

    @property
    def ends_task(self) -> bool:
        """Whether the engine has no such task any more when it has taken this."""
        return self.method in ("complete", "bpmn_failure")


UNLOCK = Report("unlock")


def outcome_of(
    task: Task,
    handler: Handler,
    resources: Mapping[str, Any],
    outage: Outage,
    outages: Outages = (),
    catalogue: Catalogue = UNTYPED,
) -> Report | None:
    """Run the handler, and say how that is to be reported; None when nobody wants to know any more.

    Args:
        outage: of what the topic's handler calls.
        outages: errors of the handlers that mean the same as Unavailable.
        catalogue: the variables that a handler may write.
    """
    try:
        return _result(task, handler, resources, catalogue)
    except Cancelled as cancelled:
        return None if task.is_lost else failure_of(task, handler, cancelled, outage)
    except handler.errors as deviation:
        said = {"code": deviation.code}
        return Report("bpmn_failure", (deviation.code, type(deviation).__name__), said)
    except BaseException as error:
        # sys.exit() in a handler ends its task, not the worker
        return failure_of(task, handler, error, outage, outages)


def failure_of(task: Task, handler: Handler, error: BaseException, outage: Outage, outages: Outages = ()) -> Report:
    """The report of a failure: retries counted down, a pause that grows, and a message without a patient's data. While
    what the handler calls is away, retries are left as they are, and pauses grow with the outage.
    """
    message = _without_data(error)
    try:
        retry = handler.retry.overridden(task.properties)
    except WrongRetry as wrong:
        retry, message, error = handler.retry, _without_data(wrong), wrong
    left = task.retries if task.retries is not None else retry.attempts
    if isinstance(error, (Unavailable, EngineUnavailable, *outages)):
        return replace(_again(message, left, outage.failed(error, message)), is_outage=True)
    left -= 1
    if left <= 0 or isinstance(error, Refusal | WrongRetry):
        return Report("failure", (message, None, 0, 0), {"error": message, "retries": 0})
    return _again(message, left, retry.pause_s(max(1, retry.attempts - left)))


def _again(message: str, left: int, pause_s: float) -> Report:
    """The report of a failure that isn't the last one."""
    due = (datetime.now(UTC) + timedelta(seconds=pause_s)).isoformat(timespec="milliseconds")
    said = {"error": message, "retries": left, "again_in_s": round(pause_s, 1)}
    return Report("failure", (message, RETRY_DUE + due, left, int(pause_s * 1000)), said, pause_s)


def _result(task: Task, handler: Handler, resources: Mapping[str, Any], catalogue: Catalogue) -> Report:
    values = {} if handler.takes_task else from_engine(task.raw["variables"])
    context = Context(task.id, handler.effect_key(task.business_key, values), last_attempt=task.retries == 1)
    task.attach(context)
    if handler.takes_task:
        return _report_of_library(task, *report_of(handler.function(ExternalTask(task.raw))))
    written = handler(values, task.business_key, context, resources)
    return Report("complete", (catalogue.to_engine(written or {}),))


def _report_of_library(task: Task, method: str, *arguments: Any) -> Report:
    if method != "failure":
        return Report(method, arguments)
    message, details, retries, pause_ms = arguments
    if task.retries is not None:
        # each failure uses up an attempt, whatever the handler says
        retries = min(retries, max(0, task.retries - 1))
    arguments = message, details, retries, pause_ms
    return Report(method, arguments, {"retries": retries}, pause_ms / 1000 if retries else None)


def _without_data(error: BaseException) -> str:
    name = type(error).__name__
    try:
        message = f"{name}: {error}" if isinstance(error, SPEAK_WITHOUT_DATA) else name
    except Exception:
        # its __str__ is broken
        message = name
    return storable_text(message)[:MAX_MESSAGE_LENGTH]
