"""Reads the lab's feed and delivers each item to its case: results, corrected results, granted kits.

An item is acknowledged only when the engine has taken its message, or when it provably has nothing more to say. One
that can't be delivered yet is due again after a growing pause, and holds up no other case. The results of one case are
delivered in the order in which the lab gave them: one that is still to be delivered decides whether the next is news.
Several processes may read the feed at once.
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
from records.feed_items import FeedItems
from records.leases import Leases
from records.queue import process_each, timestamp
from records.retries import RetrySchedule
from workers.lab_results import Step, next_step, result_of

log = logging.getLogger("workers.lab_feed")

Item = dict[str, Any]
# fewer attempts are usual: the case is on its way to where it waits for the item
LOGGED_FROM = 5
ASKING_FOR_A_KIT = {ServiceTask.RESERVE_TEST_KIT, EventBasedGateway.WAIT_FOR_KIT}


class LabFeed:
    """Reads the feed.

    Args:
        schedule: when an item that can't be delivered yet is due again.
    """

    def __init__(self, lab: Lab, engine: Engine, claims: Leases, items: FeedItems, schedule: RetrySchedule):
        self._lab = lab
        self._engine = engine
        self._claims = claims
        self._items = items
        self._schedule = schedule
        self._nameless = Outage("items of the lab's feed without an id", log)
        self._steps: dict[Step, Callable[[Item, Case], bool]] = {
            Step.KEEP: lambda item, case: False,
            Step.ACKNOWLEDGE: lambda item, case: True,
            Step.EARLIER: self._end_retest,
            Step.CORRECT: self._interrupt,
            Step.REOPEN: self._reopen,
        }

    def read(self) -> int:
        """Go once through all items that aren't acknowledged; returns how many now are."""
        done = 0
        postponed, now = self._items.due_times(), timestamp()
        left: set[str] = set()
        # cases of which a result is still to be delivered
        held: set[str] = set()

        def deliver(item: Item) -> bool:
            return postponed.get(_key_of(item), "") <= now and self._deliver(item, held)

        outages = (EngineUnavailable, Unavailable)
        for item, is_delivered in process_each(self._unacknowledged(), deliver, self._postpone_after, outages):
            if is_delivered:
                done += 1
                continue
            left.add(_key_of(item))
            if item.get("kind") != "grant":
                held.add(_case_of(item))
        if postponed.keys() - left:
            self._items.delete(postponed.keys() - left)
        return done

    def _unacknowledged(self) -> Iterator[Item]:
        cursor = 0
        while True:
            page = self._lab.feed(cursor)
            yield from filter(self._has_id, page["items"])
            if not page["items"] or page["next"] <= cursor:
                return
            cursor = page["next"]

    def _has_id(self, item: Any) -> bool:
        """Without one an item can be neither acknowledged nor postponed."""
        has_id = isinstance(item, dict) and isinstance(item.get("id"), int)
        if not has_id:
            self._nameless.record_failure(TypeError())
        return has_id

    def _deliver(self, item: Item, held: set[str]) -> bool:
        """Deliver an item and acknowledge it, or postpone it."""
        if item["kind"] == "grant":
            taken = self._deliver_grant(item)
        elif _case_of(item) in held:
            # due as soon as the one before it is delivered
            return False
        else:
            taken = self._deliver_result(item)
        if not taken:
            self._postpone(item)
            return False
        self._lab.acknowledge(item["id"])
        log.info("%s for %s delivered", item["kind"], item["case_reference"])
        return True

    def _postpone_after(self, item: Item, error: Exception) -> None:
        if isinstance(error, (KeyError, TypeError, ValueError)):
            self._postpone(item, f"it isn't as the lab describes it ({type(error).__name__})")
        else:
            # an error's text may hold a patient's data
            self._postpone(item, describe(error))

    def _postpone(self, item: Item, reason: str = "") -> None:
        attempts = self._items.postpone(_key_of(item), self._schedule)
        if reason or attempts >= LOGGED_FROM:
            reason = reason or "its case doesn't wait for it, or there is no such case"
            log.warning(
                "item %s of the lab's feed, of %s, can't be delivered: %s; attempts: %d",
                item["id"], _case_of(item), reason, attempts,
            )  # fmt: skip

    def _deliver_grant(self, item: Item) -> bool:
        """A case that doesn't wait any more has its kit: it has asked again, or it gave the kit back."""
        if self._correlated(Message.KIT_GRANTED, item, {}):
            return True
        case = find_case(self._engine, item["case_reference"])
        if case is None:
            return is_erased(item["case_reference"])
        return not self._current_steps(case) & ASKING_FOR_A_KIT

    def _deliver_result(self, item: Item) -> bool:
        barcode = {"sample_barcode": item["sample_barcode"]}
        if self._correlated(Message.LAB_RESULT_RECEIVED, item, _result_values(item), barcode):
            return True
        looked_up = self._looked_up(item["case_reference"])
        if looked_up is None:
            return is_erased(item["case_reference"])
        case, steps = looked_up
        return self._steps[next_step(item, case.values, steps, case.ended_at is not None)](item, case)

    def _looked_up(self, reference: str) -> tuple[Case, set[str]] | None:
        """A case, and where it stands; None when there is none, or it was reopened just now.

        What it knows is looked up last: it may have gone on meanwhile, by this very result from another reader.
        """
        before = find_case(self._engine, reference)
        if before is None:
            return None
        steps = self._current_steps(before)
        case = find_case(self._engine, reference)
        return (case, steps) if case and case.instance_id == before.instance_id else None

    def _end_retest(self, item: Item, case: Case) -> bool:
        return self._correlated(Message.EARLIER_RESULT_RECEIVED, item, _result_values(item))

    def _interrupt(self, item: Item, case: Case) -> bool:
        """The running case ends here; at the next reading it is reopened with the item's result.

        One that has got another result meanwhile, or was reopened, goes on.
        """
        told = {name: case.values.get(name) for name in ("correction_number", "lab_result_id")}
        as_looked_up = {name: value for name, value in told.items() if value is not None}
        self._correlated(Message.LAB_RESULT_CORRECTED, item, {}, as_looked_up)
        return False

    def _reopen(self, item: Item, case: Case) -> bool:
        with self._claims.reopening(case.reference) as ours:
            if not ours:
                return False
            newest = find_case(self._engine, case.reference)
            if newest is None or newest.instance_id != case.instance_id:
                # another reader was faster
                return False
            reopen_case(self._engine, case, _result_values(item))
            return True

    def _current_steps(self, case: Case) -> set[str]:
        return set() if case.ended_at else current_steps(self._engine, case)

    def _correlated(self, message: Message, item: Item, values: Item, waiting_for: Item | None = None) -> bool:
        """Whether somebody took the message."""
        try:
            self._engine.correlate(message, item["case_reference"], values, waiting_for)
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
