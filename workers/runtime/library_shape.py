"""Handlers in the shape of camunda-external-task-client-python3: `def handler(task: ExternalTask) -> TaskResult`.

Whoever comes from that library moves over without rewriting: the same task goes in, the same result comes out.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from camunda.external_task.external_task import ExternalTask, TaskResult
from camunda.variables.variables import Variables


def is_library_handler(function: Callable) -> bool:
    """Whether a function takes an ExternalTask, and nothing else."""
    parameters = list(inspect.signature(function).parameters.values())
    return len(parameters) == 1 and parameters[0].annotation in (ExternalTask, "ExternalTask")


def report_of(result: TaskResult) -> tuple[Any, ...]:
    """How the engine is told of this result: the client's method, and its arguments after the task's id.

    Raises:
        TypeError: the handler returned something else, or a result that says nothing.
    """
    if not isinstance(result, TaskResult):
        raise TypeError("a handler of an ExternalTask must return a TaskResult")
    if result.is_success():
        local = Variables.format(result.local_variables)
        return "complete", Variables.format(result.global_variables), local
    if result.is_bpmn_error():
        variables = Variables.format(result.global_variables)
        return "bpmn_failure", result.bpmn_error_code, result.error_message, variables
    if result.is_failure():
        details = result.error_details or None
        return "failure", result.error_message, details, result.retries, result.retry_timeout
    raise TypeError("the TaskResult says neither success nor failure")
