"""The sync worker of camunda-external-task-client-python3, configured as in its README."""

from __future__ import annotations

import os

from camunda.external_task.external_task import ExternalTask, TaskResult
from camunda.external_task.external_task_worker import ExternalTaskWorker

from bench.peers.task import ENGINE, LOCK_MS, PASSWORD, TOPIC, USERNAME, work

CONFIG = {
    "auth_basic": {"username": USERNAME, "password": PASSWORD},
    "maxTasks": int(os.environ.get("MAX_TASKS", "1")),
    "lockDuration": LOCK_MS,
    "asyncResponseTimeout": 5000,
    "sleepSeconds": 1,
}


def handle(task: ExternalTask) -> TaskResult:
    return task.complete({"lab_order_id": work(task.get_variable("sample_number"))})


if __name__ == "__main__":
    worker = ExternalTaskWorker("bench-library", ENGINE + "/engine-rest", CONFIG)
    worker.subscribe(TOPIC, handle, variables=["sample_number"])
