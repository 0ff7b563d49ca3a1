"""Stock of test kits: reserved for samples, granted to waiting samples by priority and age, and returned.

Callers must hold a transaction and call lock() first, which serializes all changes of the stock.
"""

from __future__ import annotations

import time
from typing import Any

from services.lab.models import FeedItem, Order, Release, Reservation, Stock, Waiting

# waiting raises the priority by 1 every 6 h, at most by 30
PRIORITY_STEP_S = 6 * 3600
MAX_PRIORITY_INCREASE = 30
# greater than any sample number
ALL_SAMPLES = 1_000_000


def lock() -> None:
    """Lock the row of the stock until the end of the transaction."""
    Stock.update(kits=Stock.kits).execute()


def reserve(case_reference: str, sample_number: int, priority: int) -> Reservation | None:
    """Reserve a kit for a sample; idempotent. Returns None if none is left, and puts the sample on the waiting list."""
    sample: dict[str, Any] = {"case_reference": case_reference, "sample_number": sample_number}
    reservation = Reservation.get_or_none(**sample)
    if reservation:
        return reservation
    if Stock.update(kits=Stock.kits - 1).where(Stock.kits > 0).execute():
        _remove_from_waiting_list(case_reference, sample_number)
        return Reservation.create(**sample)
    Waiting.insert(**sample, priority=priority, since=time.time()).on_conflict(
        conflict_target=[Waiting.case_reference, Waiting.sample_number], preserve=[Waiting.priority]
    ).execute()
    return None


def add(kits: int) -> None:
    """Add kits to the stock, and grant them to waiting samples."""
    Stock.update(kits=Stock.kits + kits).execute()
    _grant()


def release(case_reference: str, through_sample: int, kit_used: bool) -> None:
    """Release the samples of a case up to this one.

    Returns the kit of an unused reservation, removes the samples from the waiting list, cancels the test of the last
    one, and refuses later requests for them.

    Args:
        kit_used: whether the last of these samples was taken, which uses up its kit.
    """
    _refuse_through(case_reference, through_sample)
    Waiting.delete().where(Waiting.case_reference == case_reference, Waiting.sample_number <= through_sample).execute()
    unused = Reservation.case_reference == case_reference, Reservation.sample_number == through_sample
    ordered = Order.select().where(Order.case_reference == case_reference, Order.sample_number == through_sample)
    if not kit_used and not ordered.exists() and Reservation.delete().where(*unused).execute():
        add(1)
    Order.update(state="cancelled").where(
        Order.case_reference == case_reference, Order.sample_number == through_sample, Order.state != "finished"
    ).execute()


def refuse_all(case_reference: str) -> None:
    """Refuse later requests for any sample of a case."""
    _refuse_through(case_reference, ALL_SAMPLES)


def is_released(case_reference: str, sample_number: int) -> bool:
    found = Release.get_or_none(Release.case_reference == case_reference)
    return found is not None and sample_number <= found.through_sample


def _refuse_through(case_reference: str, through_sample: int) -> None:
    Release.insert(case_reference=case_reference, through_sample=through_sample).on_conflict(
        conflict_target=[Release.case_reference],
        preserve=[Release.through_sample],
        where=Release.through_sample < through_sample,
    ).execute()


def _grant() -> None:
    now = time.time()
    waiting = sorted(Waiting.select(), key=lambda sample: (-_urgency(sample, now), sample.since))
    for sample in waiting[: Stock.get().kits]:
        columns = {"case_reference": sample.case_reference, "sample_number": sample.sample_number}
        Stock.update(kits=Stock.kits - 1).execute()
        Reservation.create(**columns)
        FeedItem.create(kind="grant", **columns)
        sample.delete_instance()


def _urgency(sample: Waiting, now: float) -> int:
    return sample.priority + min(MAX_PRIORITY_INCREASE, int((now - sample.since) / PRIORITY_STEP_S))


def _remove_from_waiting_list(case_reference: str, sample_number: int) -> None:
    Waiting.delete().where(Waiting.case_reference == case_reference, Waiting.sample_number == sample_number).execute()
