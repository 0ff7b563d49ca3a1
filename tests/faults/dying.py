"""`python -m tests.faults.dying` is `python -m workers`, but that it dies at the worst moments of each topic: just as a
handler begins, before it has called anybody; as it ends, before the engine hears of it; and as soon as the engine has
its result. It also dies before a mail is sent, and when the mail server has it.

DEATHS names a folder in which each death leaves a file; DEATHS_EACH is how many there are of each kind.
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
FOLDER, EACH = "DEATHS", "DEATHS_EACH"


def die(topic: str, moment: str) -> None:
    """Kill this process, unless as many have died here as should."""
    for number in range(int(os.environ[EACH])):
        try:
            os.close(os.open(Path(os.environ[FOLDER]) / f"{topic}.{moment}.{number}", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            continue
        os.kill(os.getpid(), signal.SIGKILL)


def install() -> None:
    topics: dict[str, str] = {}
    handle, complete = Handler.__call__, TaskClient.complete

    def handle_and_die(self: Handler, values: Any, case_reference: Any, context: Any, resources: Any) -> Any:
        topics[context.task_id] = self.topic
        die(self.topic, BEFORE)
        result = handle(self, values, case_reference, context, resources)
        die(self.topic, AFTER)
        return result

    def complete_and_die(self: TaskClient, task_id: str, *arguments: Any) -> None:
        complete(self, task_id, *arguments)
        die(topics[task_id], COMPLETED)

    deliver = Mail.deliver

    def deliver_and_die(self: Mail, message: Message) -> None:
        die(MAIL, BEFORE)
        deliver(self, message)
        die(MAIL, AFTER)

    Mail.deliver = deliver_and_die  # type: ignore[method-assign]
    Handler.__call__ = handle_and_die  # type: ignore[method-assign]
    TaskClient.complete = complete_and_die  # type: ignore[method-assign]


if __name__ == "__main__":
    install()
    main(sys.argv[1:])
