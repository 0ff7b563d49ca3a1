"""Handlers in the shape of camunda-external-task-client-python3: `def handler(task: ExternalTask) -> TaskResult`.

Whoever comes from that library moves over without rewriting: the same task goes in, the same result comes out.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from camunda.external_task.external_task import ExternalTask, TaskResult
from camunda.variables.variables import Variables

from camunda7.variables import check_untyped, storable_text
from camunda7.worker.retry import MAX_PAUSE_S

MAX_RETRIES = 2**31 - 1


class WrongResult(ValueError):
    """A handler's TaskResult has an argument that the engine doesn't take; says which, never its value."""


def is_library_handler(function: Callable[..., Any]) -> bool:
    """Whether a function takes an ExternalTask, and nothing else."""
    parameters = list(inspect.signature(function).parameters.values())
    return len(parameters) == 1 and parameters[0].annotation in (ExternalTask, "ExternalTask")


def report_of(result: TaskResult) -> tuple[Any, ...]:
    """The client's method that reports this result, and its arguments after the task's id.

    Raises:
        TypeError: the handler returned something else, or a result that is neither success nor failure.
        WrongResult: an argument of the result isn't what the engine takes.
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
    raise TypeError("the TaskResult says neither success nor failure")


def _variables(values: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(values or {}, dict):
        raise WrongResult("variables must be a dict")
    formatted: dict[str, dict[str, Any]] = Variables.format(values)
    for name, variable in formatted.items():
        check_untyped(name, variable)
    return formatted


def _text(argument: str, value: Any) -> str | None:
    """A text that the engine can store; None for what is empty, such as the dict that TaskResult has by default."""
    if value in (None, "", {}):
        return None
    if not isinstance(value, str):
        raise WrongResult(f"{argument} must be a text")
    return storable_text(value)


def _whole(argument: str, value: Any, most: float) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise WrongResult(f"{argument} must be a number from 0 to {most:.0f}")
    return int(value)
