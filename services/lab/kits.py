"""The stock of test kits: reserved by sample, granted to those who wait by priority and age, given back.

Every function wants to run in a transaction; the row of the stock is locked first, so that they come one by one.
"""

from __future__ import annotations

import time
from typing import Any

from services.lab.models import FeedItem, Order, Release, Reservation, Stock, Waiting

# waiting raises the priority: 1 for each 6 h, at most 30
RISE_S = 6 * 3600
MOST_RISE = 30
# more than a case ever has
ALL_SAMPLES = 1_000_000


def lock() -> None:
    """Wait until nobody else changes the stock."""
    Stock.update(kits=Stock.kits).execute()


def reserve(case_reference: str, sample_number: int, priority: int) -> Reservation | None:
    """A kit for this sample: the one that it has already, or a free one. None puts it on the waiting list."""
    sample: dict[str, Any] = {"case_reference": case_reference, "sample_number": sample_number}
    reservation = Reservation.get_or_none(**sample)
    if reservation:
        return reservation
    if Stock.update(kits=Stock.kits - 1).where(Stock.kits > 0).execute():
        _leave_waiting(case_reference, sample_number)
        return Reservation.create(**sample)
    Waiting.insert(**sample, priority=priority, since=time.time()).on_conflict(
        conflict_target=[Waiting.case_reference, Waiting.sample_number], preserve=[Waiting.priority]
    ).execute()
    return None


def add(kits: int) -> None:
    """Put kits into the stock; those who wait get theirs first."""
    Stock.update(kits=Stock.kits + kits).execute()
    _grant()


def release(case_reference: str, through_sample: int, kit_used: bool) -> None:
    """Give back the kit of an unused reservation, drop what waits, cancel what was ordered, refuse what comes late.

    Args:
        kit_used: the last of these samples was taken, so that its kit is gone.
    """
    _refuse(case_reference, through_sample)
    Waiting.delete().where(Waiting.case_reference == case_reference, Waiting.sample_number <= through_sample).execute()
    unused = Reservation.case_reference == case_reference, Reservation.sample_number == through_sample
    ordered = Order.select().where(Order.case_reference == case_reference, Order.sample_number == through_sample)
    if not kit_used and not ordered.exists() and Reservation.delete().where(*unused).execute():
        add(1)
    Order.update(state="cancelled").where(
        Order.case_reference == case_reference, Order.sample_number == through_sample, Order.state != "finished"
    ).execute()


def refuse_all(case_reference: str) -> None:
    """From now on refuse whatever is wanted for any sample of the case."""
    _refuse(case_reference, ALL_SAMPLES)


def is_released(case_reference: str, sample_number: int) -> bool:
    found = Release.get_or_none(Release.case_reference == case_reference)
    return found is not None and sample_number <= found.through_sample


def _refuse(case_reference: str, through_sample: int) -> None:
    Release.insert(case_reference=case_reference, through_sample=through_sample).on_conflict(
        conflict_target=[Release.case_reference],
        preserve=[Release.through_sample],
        where=Release.through_sample < through_sample,
    ).execute()


def _grant() -> None:
    now = time.time()
    waiting = sorted(Waiting.select(), key=lambda sample: (-_urgency(sample, now), sample.since))
    for sample in waiting[: Stock.get().kits]:
        named = {"case_reference": sample.case_reference, "sample_number": sample.sample_number}
        Stock.update(kits=Stock.kits - 1).execute()
        Reservation.create(**named)
        FeedItem.create(kind="grant", **named)
        sample.delete_instance()


def _urgency(sample: Waiting, now: float) -> int:
    return sample.priority + min(MOST_RISE, int((now - sample.since) / RISE_S))


def _leave_waiting(case_reference: str, sample_number: int) -> None:
    Waiting.delete().where(Waiting.case_reference == case_reference, Waiting.sample_number == sample_number).execute()
