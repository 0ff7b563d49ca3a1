"""Reads the lab's feed and delivers each result to the case that waits for it (step 10).

An item is acknowledged only when the engine has taken its message; until then it is offered again at each reading, so
one that is stuck holds up no other.
"""

from __future__ import annotations

import logging
import threading

from processes.cases import find_case
from processes.engine import Engine, EngineError, EngineRefused
from workers.outside import Refused, Service, Unavailable

log = logging.getLogger("workers.lab_feed")


class LabFeed:
    """Follows the feed until it is stopped."""

    def __init__(self, lab: Service, engine: Engine, interval_s: float):
        self._lab = lab
        self._engine = engine
        self._interval_s = interval_s

    def run(self, stopping: threading.Event) -> None:
        reachable = True
        while not stopping.wait(self._interval_s):
            try:
                self.read()
                reachable = True
            except (Unavailable, Refused, EngineError) as error:
                if reachable:
                    log.warning("the lab's feed can't be followed (%s); trying on", error)
                reachable = False

    def read(self) -> int:
        """Go once through all items that aren't acknowledged; returns how many were delivered."""
        delivered, cursor = 0, 0
        while True:
            page = self._lab.get("/v1/feed", after=cursor)
            for item in page["items"]:
                delivered += self._deliver(item)
            if not page["items"]:
                return delivered
            cursor = page["next"]

    def _deliver(self, item: dict) -> bool:
        try:
            self._engine.correlate(
                "lab_result_received",
                item["case_reference"],
                {"lab_result": item["result"]},
                waiting_for={"sample_barcode": item["sample_barcode"]},
            )
        except EngineRefused:
            # nobody waits for it: either not yet, or it was delivered and only the acknowledgement was lost
            if not self._is_delivered(item):
                return False
        self._lab.post(f"/v1/feed/{item['id']}/acknowledgement", {})
        log.info("result for %s delivered", item["case_reference"])
        return True

    def _is_delivered(self, item: dict) -> bool:
        case = find_case(self._engine, item["case_reference"])
        if case is None:
            return False
        known = case.values.get("sample_barcode"), case.values.get("lab_result")
        return case.ended_at is not None or known == (item["sample_barcode"], item["result"])
