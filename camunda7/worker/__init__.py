"""A runtime for external-task workers of Camunda 7. docs/workers.md is for those who write handlers.

A handler is a plain function beside its topic (topics.py). What happens to a task, in this order:

- poller.py fetches and locks it, slots.py runs its handler, locks.py keeps its lock for as long
- outcomes.py turns what the handler did into a report, reports.py delivers that until the engine has it
- identity.py says who this process is to the engine; metrics.py and health.py let others watch
- runtime.py puts these together, and takes them down again

Nothing else finishes external tasks, and nothing here writes a variable's value anywhere but into the engine.
"""

from camunda7.worker.client import TaskClient
from camunda7.worker.identity import IdentityTaken, WorkerIdentity
from camunda7.worker.retry import Retry
from camunda7.worker.runtime import Runtime
from camunda7.worker.service import run, stop_on_signal
from camunda7.worker.tasks import Cancelled, Context
from camunda7.worker.topics import BpmnError, Faulty, Handler, Refusal, Unavailable, handlers_of, topic

__all__ = [
    "BpmnError",
    "Cancelled",
    "Context",
    "Faulty",
    "Handler",
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
