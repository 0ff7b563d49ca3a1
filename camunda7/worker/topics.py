"""A handler is a plain function beside its topic.

    @topic("lab.order_test", retry=Retry(attempts=5, first="2s", most="5m"), occurrence="sample_number")
    def order_test(sample_barcode: str, effect_key: str, *, lab: Lab) -> dict[str, Any]: ...

Its parameters are the process variables to fetch, beside `business_key`, `effect_key` and `context`; those that are
keyword-only (after the `*`) are resources that the runtime was given (a client, a database, …). The returned dict is
written back.

A handler in the shape of camunda-external-task-client-python3 runs unchanged: one parameter, annotated ExternalTask,
which sees all variables, and a TaskResult returned.
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

# what a handler gets from the runtime itself
GIVEN = ("business_key", "effect_key", "context")
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
    """A topic and the function that works on its tasks.

    Attributes:
        topic: name of the topic.
        function: called for each of its tasks.
        retry: how often a task is tried, and how long after a failure.
        parameters: names of the process variables, and of what the runtime itself gives.
        resources: names of what the runtime must have been given.
        occurrence: the variables that tell one occurrence of the step in a case from the next; None if none was said.
        errors: what it may report for the diagram to go on from.
        takes_task: it has the shape of the library's handlers.
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
        """The process variables to fetch; None is all."""
        if self.takes_task:
            return None
        return [name for name in dict.fromkeys((*self.parameters, *(self.occurrence or ()))) if name not in GIVEN]

    def effect_key(self, business_key: str | None, values: Mapping[str, Any]) -> str:
        """The key under which what this step does outside happens once: case reference / step / occurrence.

        The same for every delivery of the occurrence, and for a task that the engine creates anew.
        """
        return "/".join(map(str, (business_key, self.step, *(values.get(name) for name in self.occurrence or ()))))

    def __call__(
        self, values: Mapping[str, Any], business_key: str | None, context: Context, resources: Mapping[str, Any]
    ) -> Any:
        """Call the function; a variable that the case doesn't have (yet) is None."""
        given = {"business_key": business_key, "effect_key": context.effect_key, "context": context}
        arguments = {name: given[name] if name in given else values.get(name) for name in self.parameters}
        return self.function(**arguments, **{name: resources[name] for name in self.resources})


class LibraryResult(Protocol):
    """What a handler in the library's shape returns: its TaskResult, which has no types."""

    def is_success(self) -> bool: ...


Result = TypeVar("Result", bound=Mapping[str, Any] | LibraryResult | None, covariant=True)


class HandlerFunction(Protocol[P, Result]):
    """A function that @topic declared: it is called as before, and has its handler.

    Attributes:
        handler: the topic, and how the function works on its tasks.
    """

    handler: Handler

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Result: ...


def topic(
    name: str,
    retry: Retry = DEFAULT_RETRY,
    occurrence: str | tuple[str, ...] | None = None,
    errors: tuple[type[BpmnError], ...] = (),
) -> Callable[[Callable[P, Result]], HandlerFunction[P, Result]]:
    """Declare that a function works on the tasks of a topic.

    Args:
        name: of the topic, as in the diagram.
        retry: how often a task is tried, and how long after a failure.
        occurrence: variables that tell one occurrence of the step in a case from the next (sample_number, …), for
            handlers that ask for the `effect_key`; an empty tuple if the step happens once in a case.
        errors: BPMN errors that it may raise; any other is a failure.

    Raises:
        TypeError: the function asks for the effect key, and its occurrence isn't declared.
    """
    variables = (occurrence,) if isinstance(occurrence, str) else occurrence

    def declare(function: Callable[P, Result]) -> HandlerFunction[P, Result]:
        signature = inspect.signature(function).parameters.values()
        resources = tuple(each.name for each in signature if each.kind is each.KEYWORD_ONLY)
        parameters = tuple(each.name for each in signature if each.kind is not each.KEYWORD_ONLY)
        if "effect_key" in parameters and variables is None:
            raise TypeError(f"{name}: say by occurrence=… what its effect_key is made of")
        takes_task = is_library_handler(function)
        # a function can have attributes, which no type of a Callable says
        declared = cast("HandlerFunction[P, Result]", function)
        declared.handler = Handler(name, function, retry, parameters, resources, variables, errors, takes_task)
        return declared

    return declare


def handlers_of(module: ModuleType) -> list[Handler]:
    """The handlers that a lane's module declares."""
    return [member.handler for member in vars(module).values() if hasattr(member, "handler")]
