"""A handler is a plain function beside its topic.

    @topic("lab.order_test", retry=Retry(attempts=5, first="2s", most="5m"), occurrence="sample_number")
    def order_test(sample_barcode: str, effect_key: str, lab: Lab) -> dict[str, Any]: ...

Its parameters are the process variables to fetch (those that processes/variables.py declares), `case_reference`,
`effect_key`, `context`, and the resources that the lane was started with (the lab's client, the records, …). The
returned dict is written back.

A handler in the shape of camunda-external-task-client-python3 runs unchanged: one parameter, annotated ExternalTask,
which sees all variables, and a TaskResult returned.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from processes.errors import ProtocolDeviation
from processes.variables import VARIABLES
from workers.runtime.library_shape import is_library_handler
from workers.runtime.retry import Retry
from workers.runtime.tasks import Context

# what a handler gets from the runtime itself
GIVEN = ("case_reference", "effect_key", "context")
DEFAULT_RETRY = Retry()


class Unavailable(Exception):
    """What the handler calls can't be reached or can't answer now, which isn't the task's fault: it is tried again
    within seconds, and no attempt is used up. Its message is shown, as a Refusal's is.
    """


class Faulty(Exception):
    """The other side answered wrongly: tried again as after any failure. Its message is shown, as a Refusal's is."""


class Refusal(Exception):
    """The other side refused for good: trying again can't help, so an incident is raised at once.

    Its message is shown to process managers: it must not hold a patient's data.
    """


@dataclass(frozen=True)
class Handler:
    """A topic and the function that works on its tasks.

    Attributes:
        occurrence: the variables that tell one occurrence of the step in a case from the next; None if none was said.
        errors: what it may report for the diagram to go on from.
        takes_task: it has the shape of the library's handlers.
    """

    topic: str
    function: Callable[..., Any]
    retry: Retry
    parameters: tuple[str, ...]
    occurrence: tuple[str, ...] | None = None
    errors: tuple[type[ProtocolDeviation], ...] = ()
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
        return [name for name in dict.fromkeys((*self.parameters, *(self.occurrence or ()))) if name in VARIABLES]

    @property
    def resources(self) -> list[str]:
        """What the lane must provide."""
        if self.takes_task:
            return []
        return [name for name in self.parameters if name not in VARIABLES and name not in GIVEN]

    def effect_key(self, case_reference: str | None, values: Mapping[str, Any]) -> str:
        """The key under which what this step does outside happens once: case reference / step / occurrence.

        The same for every delivery of the occurrence, and for a task that the engine creates anew.
        """
        return "/".join(map(str, (case_reference, self.step, *(values.get(name) for name in self.occurrence or ()))))

    def __call__(
        self, values: Mapping[str, Any], case_reference: str | None, context: Context, resources: Mapping
    ) -> Any:
        """Call the function; a variable that the case doesn't have (yet) is None."""
        given = {"case_reference": case_reference, "effect_key": context.effect_key, "context": context, **resources}
        return self.function(
            **{name: values.get(name) if name in VARIABLES else given[name] for name in self.parameters}
        )


def topic(
    name: str,
    retry: Retry = DEFAULT_RETRY,
    occurrence: str | tuple[str, ...] | None = None,
    errors: tuple[type[ProtocolDeviation], ...] = (),
) -> Callable[[Callable], Callable]:
    """Declare that a function works on the tasks of a topic.

    Args:
        occurrence: variables that tell one occurrence of the step in a case from the next (sample_number, …), for
            handlers that ask for the `effect_key`; an empty tuple if the step happens once in a case.
        errors: deviations from protocol that it may raise; any other is a failure.

    Raises:
        TypeError: the function asks for the effect key, and its occurrence isn't declared.
    """
    variables = (occurrence,) if isinstance(occurrence, str) else occurrence

    def declare(function: Callable) -> Callable:
        parameters = tuple(inspect.signature(function).parameters)
        if "effect_key" in parameters and variables is None:
            raise TypeError(f"{name}: say by occurrence=… what its effect_key is made of")
        function.handler = Handler(name, function, retry, parameters, variables, errors, is_library_handler(function))
        return function

    return declare


def handlers_of(module: ModuleType) -> list[Handler]:
    """The handlers that a lane's module declares."""
    return [member.handler for member in vars(module).values() if hasattr(member, "handler")]
