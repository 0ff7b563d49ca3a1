"""Plain threads with kept connections: a batch is fetched, shared out among them, and waited for, as one writes it.

Threads that fetch for themselves are far slower: the engine drops what two racing fetchers have both selected.
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
kept = threading.local()


def post(path: str, body: dict[str, Any]) -> requests.Response:
    if not hasattr(kept, "session"):
        kept.session = requests.Session()
        kept.session.auth = (USERNAME, PASSWORD)
    response = kept.session.post(URL + path, json=body, timeout=30)
    response.raise_for_status()
    return response


def handle(task: dict[str, Any]) -> None:
    result = {"value": work(task["variables"]["sample_number"]["value"]), "type": "String"}
    post(f"/{task['id']}/complete", {"workerId": WORKER, "variables": {"lab_order_id": result}})


if __name__ == "__main__":
    with ThreadPoolExecutor(SLOTS) as pool:
        while True:
            list(pool.map(handle, post("/fetchAndLock", FETCH).json()))
