"""A runtime for external-task workers of Camunda 7. docs/reference/workers.md is the reference of handlers.

A handler is a plain function, declared with its topic (topics.py). A task passes through these modules:

- poller.py fetches and locks it, handler_pool.py runs its handler, lock_keeper.py renews its lock
- tasks.py guards its states, context.py is what its handler sees of it
- outcomes.py turns the handler's result or error into a report, reports.py delivers the report to the engine
- identity.py holds the process's worker id; metrics.py and health.py are for monitoring
- runtime.py starts and stops these; service.py is a whole process in one call

Nothing else finishes external tasks, and nothing here writes a variable's value anywhere but into the engine.
"""

from camunda7.errors import Faulty, Refusal, Unavailable
from camunda7.worker.client import TaskClient
from camunda7.worker.context import Cancelled, Context
from camunda7.worker.identity import IdentityTaken, WorkerIdentity
from camunda7.worker.retry import Retry
from camunda7.worker.runtime import Runtime
from camunda7.worker.service import run, stop_on_signal
from camunda7.worker.topics import BpmnError, Handler, HandlerFunction, handlers_of, topic

__all__ = [
    "BpmnError",
    "Cancelled",
    "Context",
    "Faulty",
    "Handler",
    "HandlerFunction",
    "IdentityTaken",
    "Refusal",
    "Retry",
    "Runtime",
    "TaskClient",
    "Unavailable",
    "WorkerIdentity",
    "handlers_of",
    "run",
    "stop_on_signal",
    "topic",
]
