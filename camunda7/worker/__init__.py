"""A runtime for external-task workers of Camunda 7. docs/reference/workers.md is the reference of handlers.

A handler is a plain function, declared with its topic (topics.py). A task passes through these modules:

- poller.py fetches and locks it, handler_pool.py runs its handler, lock_keeper.py renews its lock
- tasks.py has its states, context.py is its handler's interface to it
- outcomes.py converts the handler's result or error to a report, reports.py delivers the report to the engine
- identity.py locks the process's worker id; metrics.py and health.py are for monitoring
- runtime.py starts and stops these; service.py runs a whole process in one call

Nothing else completes external tasks, and nothing here logs or stores a variable's value.
"""

from camunda7.errors import Faulty, Refusal, Unavailable
from camunda7.worker.client import TaskClient
from camunda7.worker.context import Cancelled, Context
from camunda7.worker.identity import IdentityInUse, WorkerIdentity
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
    "IdentityInUse",
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
