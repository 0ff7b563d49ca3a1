"""`python -m workers` that kills itself at the worst moments: `python -m tests.faults.crashing_workers`.

It crashes in each topic when a handler begins, before it has called a service; when it ends, before the engine has its
result; and when the engine has it. It also crashes before it sends a mail, and when the mail server has the mail.

CRASHES names a folder in which each crash creates a file; CRASHES_EACH is the number of crashes of each kind.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from camunda7.worker.client import TaskClient
from camunda7.worker.topics import Handler
from records.outbox import Message
from workers.__main__ import main
from workers.channels import Mail

BEFORE, AFTER, COMPLETED = "before", "after", "completed"
MAIL = "mail"
FOLDER, EACH = "CRASHES", "CRASHES_EACH"


def crash(topic: str, moment: str) -> None:
    """Kill this process, unless it has crashed at this moment as often as it should."""
    for number in range(int(os.environ[EACH])):
        try:
            os.close(os.open(Path(os.environ[FOLDER]) / f"{topic}.{moment}.{number}", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            continue
        os.kill(os.getpid(), signal.SIGKILL)


def install() -> None:
    topics: dict[str, str] = {}
    handle, complete = Handler.__call__, TaskClient.complete

    def handle_and_crash(self: Handler, values: Any, case_reference: Any, context: Any, resources: Any) -> Any:
        topics[context.task_id] = self.topic
        crash(self.topic, BEFORE)
        result = handle(self, values, case_reference, context, resources)
        crash(self.topic, AFTER)
        return result

    def complete_and_crash(self: TaskClient, task_id: str, *arguments: Any) -> None:
        complete(self, task_id, *arguments)
        crash(topics[task_id], COMPLETED)

    deliver = Mail.deliver

    def deliver_and_crash(self: Mail, message: Message) -> None:
        crash(MAIL, BEFORE)
        deliver(self, message)
        crash(MAIL, AFTER)

    Mail.deliver = deliver_and_crash  # type: ignore[method-assign]
    Handler.__call__ = handle_and_crash  # type: ignore[method-assign]
    TaskClient.complete = complete_and_crash  # type: ignore[method-assign]


if __name__ == "__main__":
    install()
    main(sys.argv[1:])
