"""Handlers: plain functions, declared with their topic.

    @topic("lab.order_test", retry=Retry(attempts=5, first="2s", most="5m"), occurrence="sample_number")
    def order_test(sample_barcode: str, effect_key: str, *, lab: Lab) -> dict[str, Any]: ...

The parameters are the process variables to fetch, or `business_key`, `effect_key` and `context`; keyword-only ones
(after the `*`) are resources of the runtime (a client, a database, …). The returned dict has the process variables to
write.

A handler of camunda-external-task-client-python3 runs unchanged: with one parameter, annotated ExternalTask, which has
all variables, it returns a TaskResult.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ParamSpec, Protocol, TypeVar, cast

from camunda7.worker.context import Context
from camunda7.worker.library_handlers import is_library_handler
from camunda7.worker.retry import Retry

# parameters that are values of the runtime, not process variables
RUNTIME_PARAMETERS = ("business_key", "effect_key", "context")
P = ParamSpec("P")
DEFAULT_RETRY = Retry()


class BpmnError(Exception):
    """Reported to the engine as a BPMN error, for the diagram to continue from.

    Attributes:
        code: the error code, as in the diagram.
    """

    code: str


@dataclass(frozen=True)
class Handler:
    """A topic and the function that handles its tasks.

    Attributes:
        topic: name of the topic.
        function: called for each task.
        retry: policy of its tasks.
        parameters: names of process variables and of RUNTIME_PARAMETERS.
        resources: names of the runtime's resources.
        occurrence: variables that distinguish occurrences of the step in a case; None if not declared.
        errors: BPMN errors that it may raise.
        takes_task: the function is a handler of the library, and takes an ExternalTask.
    """

    topic: str
    function: Callable[..., Any]
    retry: Retry
    parameters: tuple[str, ...]
    resources: tuple[str, ...] = ()
    occurrence: tuple[str, ...] | None = None
    errors: tuple[type[BpmnError], ...] = ()
    takes_task: bool = False

    @property
    def step(self) -> str:
        """The topic's name without its lane."""
        return self.topic.rpartition(".")[2]

    @property
    def variables(self) -> list[str] | None:
        """Names of the process variables to fetch; None is all."""
        if self.takes_task:
            return None
        return [
            name
            for name in dict.fromkeys((*self.parameters, *(self.occurrence or ())))
            if name not in RUNTIME_PARAMETERS
        ]

    def effect_key(self, business_key: str | None, values: Mapping[str, Any]) -> str:
        """Return the idempotency key of the step's effects: case reference / step / occurrence.

        The same for each delivery of the occurrence, also for a task that the engine creates again.
        """
        return "/".join(map(str, (business_key, self.step, *(values.get(name) for name in self.occurrence or ()))))

    def __call__(
        self, values: Mapping[str, Any], business_key: str | None, context: Context, resources: Mapping[str, Any]
    ) -> Any:
        """Call the function; variables that the case doesn't have (yet) are None."""
        own = {"business_key": business_key, "effect_key": context.effect_key, "context": context}
        arguments = {name: own[name] if name in own else values.get(name) for name in self.parameters}
        return self.function(**arguments, **{name: resources[name] for name in self.resources})


class LibraryResult(Protocol):
    """Result of a library's handler: TaskResult, which has no types."""

    def is_success(self) -> bool: ...


Result = TypeVar("Result", bound=Mapping[str, Any] | LibraryResult | None, covariant=True)


class HandlerFunction(Protocol[P, Result]):
    """A function declared by @topic: unchanged, with the attribute `handler`.

    Attributes:
        handler: the topic, and how the function handles its tasks.
    """

    handler: Handler

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Result: ...


def topic(
    name: str,
    retry: Retry = DEFAULT_RETRY,
    occurrence: str | tuple[str, ...] | None = None,
    errors: tuple[type[BpmnError], ...] = (),
) -> Callable[[Callable[P, Result]], HandlerFunction[P, Result]]:
    """Declare a function as the handler of a topic.

    Args:
        name: of the topic, as in the diagram.
        retry: policy of its tasks.
        occurrence: variables that distinguish occurrences of the step in a case (sample_number, …), for handlers with a
            parameter `effect_key`; an empty tuple if the step occurs once in a case.
        errors: BPMN errors that it may raise; any other exception is a failure.

    Raises:
        TypeError: the function has the parameter `effect_key`, but no declared occurrence.
    """
    variables = (occurrence,) if isinstance(occurrence, str) else occurrence

    def declare(function: Callable[P, Result]) -> HandlerFunction[P, Result]:
        signature = inspect.signature(function).parameters.values()
        resources = tuple(each.name for each in signature if each.kind is each.KEYWORD_ONLY)
        parameters = tuple(each.name for each in signature if each.kind is not each.KEYWORD_ONLY)
        if "effect_key" in parameters and variables is None:
            raise TypeError(f"{name}: its effect_key needs occurrence=…")
        takes_task = is_library_handler(function)
        # a cast, because the type Callable has no attributes
        declared = cast("HandlerFunction[P, Result]", function)
        declared.handler = Handler(name, function, retry, parameters, resources, variables, errors, takes_task)
        return declared

    return declare


def handlers_of(module: ModuleType) -> list[Handler]:
    """Return the handlers that a module declares."""
    return [member.handler for member in vars(module).values() if hasattr(member, "handler")]
