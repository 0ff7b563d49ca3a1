"""The baseline for the workers' throughput: a driver that completes external tasks without doing their work."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from camunda7.engine import EngineRefused
from camunda7.worker import handlers_of
from processes.engine import Engine
from processes.variables import VARIABLES
from workers.lanes import LANES

WORKER = "bare"
LOCK_MS = 60_000
POLL_MS = 1_000
AT_ONCE = 8
TOPICS = [handler.topic for lane in LANES.values() for handler in handlers_of(lane)]
# variables that the workers set by topic, in a positive case
RESULTS: dict[str, dict[str, Any]] = {
    "lab.order_test": {"lab_order_id": "order"},
    "government.check_contacts": {"contacts_refused": None},
    "government.submit_contacts": {"contact_ids": ["contact"], "contacts_named": 1},
    "government.notify_contact": {
        "contact_outcome": "notified",
        "contact_name": None,
        "contact_phone": None,
        "contact_language": None,
    },
    "doctor.assign": {
        "report_due_at": datetime(2030, 1, 1, tzinfo=UTC),
        "suggested_doctor": None,
        "repeat_test": False,
        "isolation_until": "2030-01-01",
    },
    "doctor.publish_report": {"earlier_reports": "published"},
}


class BareDriver:
    """Fetches tasks and completes them as fast as the engine allows.

    Args:
        state: URLs and accounts of the platform, as in .run/state.json.
    """

    def __init__(self, state: Mapping[str, Any]):
        admin = state["accounts"]["admin"]
        self._engine = Engine(state["engine"], admin["username"], admin["password"])

    def run(self, stopping: threading.Event) -> None:
        topics = [{"topicName": topic, "lockDuration": LOCK_MS, "variables": []} for topic in TOPICS]
        body = {"workerId": WORKER, "maxTasks": 20, "asyncResponseTimeout": POLL_MS, "usePriority": True}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            futures = []
            while not stopping.is_set():
                tasks = self._engine.post("/external-task/fetchAndLock", {**body, "topics": topics})
                # result() raises the error of a failed completion
                futures = [each for each in futures if not each.done() or each.result()]
                futures += [pool.submit(self._complete, task) for task in tasks]

    def _complete(self, task: dict[str, Any]) -> None:
        topic, reference = task["topicName"], task["businessKey"]
        variables = VARIABLES.to_engine(RESULTS.get(topic, {}))
        self._engine.post(f"/external-task/{task['id']}/complete", {"workerId": WORKER, "variables": variables})
        if topic == "lab.order_test":
            self._correlate_result(reference)

    def _correlate_result(self, reference: str) -> None:
        """Correlate the lab's result with the case as soon as it waits for it."""
        barcode = f"B-{reference}"
        result = {"lab_result": "positive", "lab_result_id": 1, "lab_result_barcode": barcode}
        while True:
            try:
                self._engine.correlate("lab_result_received", reference, result, {"sample_barcode": barcode})
                return
            except EngineRefused as error:
                if error.status != 400:
                    raise
                time.sleep(0.05)


@contextmanager
def bare_driver(state: Mapping[str, Any]) -> Iterator[None]:
    """Run a BareDriver within the context, in place of the workers."""
    stopping = threading.Event()
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(BareDriver(state).run, stopping)
        try:
            yield
        finally:
            stopping.set()
        running.result()
