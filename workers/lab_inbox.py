"""Starts a task for laboratory staff for each item of the laboratory's inbox, and ends tasks of items that left it."""

from __future__ import annotations

import logging
from typing import Any

from camunda7.engine import EngineRefused, EngineUnavailable
from camunda7.outages import describe
from hosting.clients.lab import Lab
from hosting.clients.service import Unavailable
from processes.cases import inbox_key
from processes.elements import Message
from processes.engine import Engine
from records.processing import process_each
from workers.lab import list_facts

log = logging.getLogger("workers.lab_inbox")

Item = dict[str, Any]
UNAVAILABLE = (EngineUnavailable, Unavailable)


class LabInbox:
    """Reads the inbox. Several processes may read it concurrently: starting a task is idempotent by its key."""

    def __init__(self, lab: Lab, engine: Engine):
        self._lab = lab
        self._engine = engine

    def read(self) -> int:
        """Start and end tasks; returns how many. A defective item doesn't hold up the others."""
        page = self._lab.inbox()
        started = process_each(page["new"], self._start_task, self._log_failure, UNAVAILABLE)
        ended = process_each(page["closed"], self._end_task, self._log_failure, UNAVAILABLE)
        return sum(is_done for _, is_done in (*started, *ended))

    def _start_task(self, item: Item) -> bool:
        key = inbox_key(item["id"])
        values = {"inbox_item": item["id"], "inbox_case": item["case_reference"], "inbox_facts": list_facts(item)}
        self._engine.correlate(Message.INBOX_ITEM_FOUND, key, values, key=key)
        self._lab.set_inbox_task(item["id"], True)
        log.info("task for inbox item %s started", item["id"])
        return True

    def _end_task(self, item: Item) -> bool:
        # an erased item has no case; the erasure finds the task by the case that is known so far
        values = {"inbox_case": item["case_reference"]} if item["case_reference"] else {}
        try:
            self._engine.correlate(Message.INBOX_ITEM_CLOSED, inbox_key(item["id"]), values)
        except EngineRefused as error:
            # 400: nothing waits for the message, since staff closed the item by their task
            if error.status != 400:
                raise
        self._lab.set_inbox_task(item["id"], False)
        return True

    def _log_failure(self, item: Item, error: Exception) -> None:
        # without the error's text, which may contain a patient's data
        log.warning("inbox item %s can't be processed: %s", item.get("id"), describe(error))
