"""A handler is a plain function beside its topic.

    @topic("lab.order_test")
    def order_test(case_reference: str, sample_barcode: str, lab: Lab) -> dict[str, Any]: ...

Its parameters are the process variables to fetch (those that processes/variables.py declares), the case reference,
and the resources that the lane was started with (the lab's client, the records, …). The returned dict is written back.

A handler in the shape of camunda-external-task-client-python3 runs unchanged: one parameter, annotated ExternalTask,
which sees all variables, and a TaskResult returned.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from processes.variables import VARIABLES
from workers.library_shape import is_library_handler

BUSINESS_KEY = "case_reference"


@dataclass(frozen=True)
class Retry:
    """How often a failed task is tried again: exponential back-off with full jitter, in seconds."""

    attempts: int = 6
    first_s: float = 1.0
    most_s: float = 120.0

    def pause_s(self, failures: int) -> float:
        """How long to wait after this many failures (1 is the first)."""
        return random.uniform(0.1, 1) * min(self.most_s, self.first_s * 2 ** (failures - 1))


class Refusal(Exception):
    """The other side refused for good: trying again can't help, so an incident is raised at once."""


@dataclass(frozen=True)
class Handler:
    """A topic and the function that works on its tasks.

    Attributes:
        takes_task: it has the shape of the library's handlers.
    """

    topic: str
    function: Callable[..., Any]
    retry: Retry
    parameters: tuple[str, ...]
    takes_task: bool = False

    @property
    def variables(self) -> list[str] | None:
        """The process variables to fetch; None is all."""
        if self.takes_task:
            return None
        return [name for name in self.parameters if name in VARIABLES]

    @property
    def resources(self) -> list[str]:
        """What the lane must provide."""
        if self.takes_task:
            return []
        return [name for name in self.parameters if name not in VARIABLES and name != BUSINESS_KEY]

    def __call__(self, case_reference: str, values: dict[str, Any], resources: dict[str, Any]) -> dict[str, Any]:
        """Call the function; a variable that the case doesn't have (yet) is None."""
        given = {BUSINESS_KEY: case_reference, **resources}
        arguments = {name: values.get(name) if name in VARIABLES else given[name] for name in self.parameters}
        return self.function(**arguments) or {}


def topic(name: str, retry: Retry = Retry()) -> Callable[[Callable], Callable]:
    """Declare that a function works on the tasks of a topic."""

    def declare(function: Callable) -> Callable:
        parameters = tuple(inspect.signature(function).parameters)
        function.handler = Handler(name, function, retry, parameters, is_library_handler(function))
        return function

    return declare


def handlers_of(module: ModuleType) -> list[Handler]:
    """The handlers that a lane's module declares."""
    return [member.handler for member in vars(module).values() if hasattr(member, "handler")]
