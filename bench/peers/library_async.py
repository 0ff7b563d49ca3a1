"""The async worker of camunda-external-task-client-python3, configured as in its README."""

from __future__ import annotations

import asyncio

from camunda.external_task.async_external_task_worker import AsyncExternalTaskWorker
from camunda.external_task.external_task import ExternalTask, TaskResult

from bench.peers.task import ENGINE, LOCK_MS, PASSWORD, SLOTS, TOPIC, USERNAME, WAIT_S

CONFIG = {
    "auth_basic": {"username": USERNAME, "password": PASSWORD},
    "maxConcurrentTasks": SLOTS,
    "lockDuration": LOCK_MS,
    "asyncResponseTimeout": 5000,
    "sleepSeconds": 0,
}


async def handle(task: ExternalTask) -> TaskResult:
    if WAIT_S:
        await asyncio.sleep(WAIT_S)
    return task.complete({"lab_order_id": f"order {task.get_variable('sample_number')}"})


async def main() -> None:
    worker = AsyncExternalTaskWorker("bench-library-async", ENGINE + "/engine-rest", CONFIG)
    await worker.subscribe({TOPIC: handle}, variables=["sample_number"])


if __name__ == "__main__":
    asyncio.run(main())
