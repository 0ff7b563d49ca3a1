"""A worker process: python -m tests.support.worker_process WORKER_ID TOPIC LOCK_S HANDLER_S SHUTDOWN_TIMEOUT_S

Its handler writes a line when it begins and when it ends, each with its variable sample_number.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from camunda7.worker import Runtime, TaskClient, WorkerIdentity, stop_on_signal, topic
from camunda7.worker.logs import log_to_stderr
from tests.support.ports import free_port
from tests.support.running_worker import serve_health


def main(worker_id: str, name: str, lock_s: str, handler_s: str, shutdown_timeout_s: str) -> None:
    log_to_stderr()
    identity = WorkerIdentity(worker_id, Path(os.environ["FOLDER"]))

    @topic(name)
    def handle(sample_number: int) -> None:
        os.write(1, f"begins {sample_number}\n".encode())
        time.sleep(float(handler_s))
        os.write(1, f"ends {sample_number}\n".encode())

    url, username, password = (os.environ[key] for key in ("WORK_URL", "WORK_USERNAME", "WORK_PASSWORD"))
    client = TaskClient(identity.worker_id, url, username, password, float(lock_s), long_poll_s=20)
    runtime = Runtime(client, [handle.handler], {}, slots=8, shutdown_timeout_s=float(shutdown_timeout_s))
    port = free_port()
    serve_health(runtime, client, port)
    stop_on_signal(runtime)
    print("health", port, flush=True)
    runtime.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
