"""Plain thread pool with persistent connections: fetches a batch, processes it in parallel, and waits for its end.

Threads that fetch individually are far slower: of tasks that two concurrent fetches select, the engine locks each for
one of them only (optimistic locking), and the other gets fewer tasks.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from bench.peers.task import ENGINE, LOCK_MS, PASSWORD, SLOTS, TOPIC, USERNAME, work

URL = ENGINE + "/engine-rest/external-task"
WORKER = "bench-threads"
FETCH = {
    "workerId": WORKER,
    "maxTasks": SLOTS,
    "asyncResponseTimeout": 5000,
    "topics": [{"topicName": TOPIC, "lockDuration": LOCK_MS, "variables": ["sample_number"]}],
}
local = threading.local()


def post(path: str, body: dict[str, Any]) -> requests.Response:
    if not hasattr(local, "session"):
        local.session = requests.Session()
        local.session.auth = (USERNAME, PASSWORD)
    response = local.session.post(URL + path, json=body, timeout=30)
    response.raise_for_status()
    return response


def handle(task: dict[str, Any]) -> None:
    result = {"value": work(task["variables"]["sample_number"]["value"]), "type": "String"}
    post(f"/{task['id']}/complete", {"workerId": WORKER, "variables": {"lab_order_id": result}})


if __name__ == "__main__":
    with ThreadPoolExecutor(SLOTS) as pool:
        while True:
            list(pool.map(handle, post("/fetchAndLock", FETCH).json()))
