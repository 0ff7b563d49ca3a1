"""Reads the lab's feed and delivers each item to its case: results, corrected results, granted kits.

An item is acknowledged only when the engine has correlated its message, or when it provably has no effect on the case.
An item that can't be delivered yet is due again after a growing pause, and doesn't block other cases. The results of
one case are delivered in the order of the feed, because whether a result is new depends on those before it. Several
processes may read the feed concurrently.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from camunda7.engine import EngineRefused, EngineUnavailable
from camunda7.outages import Outage, describe
from hosting.clients.lab import Lab
from hosting.clients.service import Unavailable
from processes.cases import Case, current_steps, find_case, reopen_case
from processes.elements import EventBasedGateway, Message, ServiceTask
from processes.engine import Engine
from records.erasures import is_erased
from records.leases import Leases
from records.postponed_items import PostponedItems
from records.processing import process_each
from records.queue import timestamp
from records.retries import RetrySchedule
from workers.lab_results import Action, choose_action, result_of

log = logging.getLogger("workers.lab_feed")

Item = dict[str, Any]
# fewer attempts aren't logged: the case usually just hasn't reached the step that waits for the item
MIN_LOGGED_ATTEMPTS = 5
KIT_STEPS = {ServiceTask.RESERVE_TEST_KIT, EventBasedGateway.WAIT_FOR_KIT}


class LabFeed:
    """Reads the feed.

    Args:
        schedule: pauses before an item that couldn't be delivered is tried again.
    """

    def __init__(self, lab: Lab, engine: Engine, leases: Leases, items: PostponedItems, schedule: RetrySchedule):
        self._lab = lab
        self._engine = engine
        self._leases = leases
        self._items = items
        self._schedule = schedule
        self._items_without_id = Outage("items of the lab's feed without an id", log)
        self._actions: dict[Action, Callable[[Item, Case], bool]] = {
            Action.POSTPONE: lambda item, case: False,
            Action.ACKNOWLEDGE: lambda item, case: True,
            Action.END_RETEST: self._end_retest,
            Action.CORRECT: self._end_for_correction,
            Action.REOPEN: self._reopen,
        }

    def read(self) -> int:
        """Process all unacknowledged items once; returns how many were acknowledged."""
        acknowledged = 0
        postponed, now = self._items.due_times(), timestamp()
        undelivered: set[str] = set()
        # cases with an undelivered result, which blocks their later ones
        blocked_cases: set[str] = set()

        def deliver(item: Item) -> bool:
            return postponed.get(_key_of(item), "") <= now and self._deliver(item, blocked_cases)

        unavailable_errors = (EngineUnavailable, Unavailable)
        for item, is_delivered in process_each(
            self._unacknowledged(), deliver, self._postpone_after, unavailable_errors
        ):
            if is_delivered:
                acknowledged += 1
                continue
            undelivered.add(_key_of(item))
            if item.get("kind") != "grant":
                blocked_cases.add(_case_of(item))
        if postponed.keys() - undelivered:
            self._items.delete(postponed.keys() - undelivered)
        return acknowledged

    def _unacknowledged(self) -> Iterator[Item]:
        cursor = 0
        while True:
            page = self._lab.feed(cursor)
            yield from filter(self._has_id, page["items"])
            if not page["items"] or page["next"] <= cursor:
                return
            cursor = page["next"]

    def _has_id(self, item: Any) -> bool:
        """Whether an item has an id, without which it can be neither acknowledged nor postponed."""
        has_id = isinstance(item, dict) and isinstance(item.get("id"), int)
        if not has_id:
            self._items_without_id.record_failure(TypeError())
        return has_id

    def _deliver(self, item: Item, blocked_cases: set[str]) -> bool:
        """Deliver an item and acknowledge it, or postpone it; returns whether it was acknowledged."""
        if item["kind"] == "grant":
            is_delivered = self._deliver_grant(item)
        elif _case_of(item) in blocked_cases:
            # not postponed: it is due as soon as the result before it is delivered
            return False
        else:
            is_delivered = self._deliver_result(item)
        if not is_delivered:
            self._postpone(item)
            return False
        self._lab.acknowledge(item["id"])
        log.info("%s for %s delivered", item["kind"], item["case_reference"])
        return True

    def _postpone_after(self, item: Item, error: Exception) -> None:
        if isinstance(error, (KeyError, TypeError, ValueError)):
            self._postpone(item, f"it doesn't match the lab's API description ({type(error).__name__})")
        else:
            # by its class, because an error's text may contain a patient's data
            self._postpone(item, describe(error))

    def _postpone(self, item: Item, reason: str = "") -> None:
        attempts = self._items.postpone(_key_of(item), self._schedule)
        if reason or attempts >= MIN_LOGGED_ATTEMPTS:
            reason = reason or "its case isn't waiting for it, or doesn't exist"
            log.warning(
                "item %s of the lab's feed, of %s, can't be delivered: %s; attempts: %d",
                item["id"], _case_of(item), reason, attempts,
            )  # fmt: skip

    def _deliver_grant(self, item: Item) -> bool:
        """Deliver a granted kit; a case that no longer waits has reserved it by asking again, or returned it."""
        if self._correlate(Message.KIT_GRANTED, item, {}):
            return True
        case = find_case(self._engine, item["case_reference"])
        if case is None:
            return is_erased(item["case_reference"])
        return not self._current_steps(case) & KIT_STEPS

    def _deliver_result(self, item: Item) -> bool:
        barcode = {"sample_barcode": item["sample_barcode"]}
        if self._correlate(Message.LAB_RESULT_RECEIVED, item, _result_values(item), barcode):
            return True
        found = self._find_case_and_steps(item["case_reference"])
        if found is None:
            return is_erased(item["case_reference"])
        case, steps = found
        action = choose_action(item, case.values, steps, case.ended_at is not None)
        return self._actions[action](item, case)

    def _find_case_and_steps(self, reference: str) -> tuple[Case, set[str]] | None:
        """Return a case with its active steps; None if there is none, or it was reopened between the queries.

        The variables are read after the steps: another process may deliver this very result between the queries, and
        then the variables show that the case has it.
        """
        before = find_case(self._engine, reference)
        if before is None:
            return None
        steps = self._current_steps(before)
        case = find_case(self._engine, reference)
        return (case, steps) if case and case.instance_id == before.instance_id else None

    def _end_retest(self, item: Item, case: Case) -> bool:
        return self._correlate(Message.EARLIER_RESULT_RECEIVED, item, _result_values(item))

    def _end_for_correction(self, item: Item, case: Case) -> bool:
        """End the running case, so that the next read() reopens it with the item's result; returns False.

        The correlation keys are the values that were read, so that a case isn't ended that has received another result
        or was reopened since.
        """
        read = {name: case.values.get(name) for name in ("correction_number", "lab_result_id")}
        correlation_keys = {name: value for name, value in read.items() if value is not None}
        self._correlate(Message.LAB_RESULT_CORRECTED, item, {}, correlation_keys)
        return False

    def _reopen(self, item: Item, case: Case) -> bool:
        with self._leases.reopening(case.reference) as is_acquired:
            if not is_acquired:
                return False
            newest = find_case(self._engine, case.reference)
            if newest is None or newest.instance_id != case.instance_id:
                # another process has reopened the case since it was read
                return False
            reopen_case(self._engine, case, _result_values(item))
            return True

    def _current_steps(self, case: Case) -> set[str]:
        return set() if case.ended_at else current_steps(self._engine, case)

    def _correlate(self, message: Message, item: Item, values: Item, correlation_keys: Item | None = None) -> bool:
        """Correlate a message; returns False if no execution is waiting for it."""
        try:
            self._engine.correlate(message, item["case_reference"], values, correlation_keys)
        except EngineRefused as error:
            if error.status != 400:
                raise
            return False
        return True


def _key_of(item: Item) -> str:
    return str(item["id"])


def _case_of(item: Item) -> str:
    return str(item.get("case_reference"))


def _result_values(item: Item) -> Item:
    return {
        "lab_result": result_of(item),
        "lab_result_id": item["id"],
        "lab_result_barcode": item["sample_barcode"],
    }
