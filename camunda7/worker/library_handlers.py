"""Adapter for handlers of camunda-external-task-client-python3: `def handler(task: ExternalTask) -> TaskResult`.

They run unchanged.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from camunda.external_task.external_task import ExternalTask, TaskResult
from camunda.variables.variables import Variables

from camunda7.variables import check_untyped, replace_unstorable_characters
from camunda7.worker.retry import MAX_PAUSE_S

MAX_RETRIES = 2**31 - 1


class InvalidResult(ValueError):
    """A handler's TaskResult has an invalid argument; the message names it, never its value."""


def is_library_handler(function: Callable[..., Any]) -> bool:
    """Whether a function's only parameter is an ExternalTask."""
    parameters = list(inspect.signature(function).parameters.values())
    return len(parameters) == 1 and parameters[0].annotation in (ExternalTask, "ExternalTask")


def to_report(result: TaskResult) -> tuple[Any, ...]:
    """Return the client's method that reports this result, and its arguments after the task's id.

    Raises:
        TypeError: the handler returned no TaskResult, or one that is neither success nor failure.
        InvalidResult: an argument of the result is invalid.
        UndeclaredVariable: a variable can't be stored.
    """
    if not isinstance(result, TaskResult):
        raise TypeError("a handler of an ExternalTask must return a TaskResult")
    if result.is_success():
        return "complete", _variables(result.global_variables), _variables(result.local_variables)
    if result.is_bpmn_error():
        code, message = _text("bpmn_error_code", result.bpmn_error_code), _text("error_message", result.error_message)
        return "bpmn_failure", code, message, _variables(result.global_variables)
    if result.is_failure():
        message, details = _text("error_message", result.error_message), _text("error_details", result.error_details)
        retries = _whole("retries", result.retries, MAX_RETRIES)
        return "failure", message, details, retries, _whole("retry_timeout", result.retry_timeout, MAX_PAUSE_S * 1000)
    raise TypeError("the TaskResult is neither success nor failure")


def _variables(values: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(values or {}, dict):
        raise InvalidResult("variables must be a dict")
    formatted: dict[str, dict[str, Any]] = Variables.format(values)
    for name, variable in formatted.items():
        check_untyped(name, variable)
    return formatted


def _text(argument: str, value: Any) -> str | None:
    """Return a text that the engine can store; None for an empty value, such as TaskResult's default, a dict."""
    if value in (None, "", {}):
        return None
    if not isinstance(value, str):
        raise InvalidResult(f"{argument} must be a text")
    return replace_unstorable_characters(value)


def _whole(argument: str, value: Any, maximum: float) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= maximum:
        raise InvalidResult(f"{argument} must be a number from 0 to {maximum:.0f}")
    return int(value)
