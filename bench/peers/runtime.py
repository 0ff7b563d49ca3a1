"""Our own runtime, configured as in the platform's workers."""

from __future__ import annotations

import signal
import threading
from typing import Any

from bench.peers.task import ENGINE, LOCK_MS, PASSWORD, SLOTS, TOPIC, USERNAME, work
from camunda7.worker import Runtime, TaskClient, topic
from camunda7.worker.logs import log_to_stderr


@topic(TOPIC)
def handle(sample_number: int) -> dict[str, Any]:
    return {"lab_order_id": work(sample_number)}


def main() -> None:
    log_to_stderr()
    client = TaskClient("bench-runtime", ENGINE, USERNAME, PASSWORD, lock_s=LOCK_MS / 1000, long_poll_s=5)
    runtime = Runtime(client, [handle.handler], {}, SLOTS)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=runtime.stop).start())
    runtime.run()


if __name__ == "__main__":
    main()
