"""The lab's bench: so many tests at a time, by priority and then by age; each takes its time and gives a result."""

from __future__ import annotations

import random
import time

import peewee

from services.lab.models import FeedItem, Order, Plan

INTERVAL_S = 0.1


class Bench:
    """Works on the orders.

    Args:
        capacity: how many tests run at the same time.
        turnaround_s: shortest and longest time that a test takes, in seconds.
        positive_share: of the samples for which there is no plan.
    """

    def __init__(
        self,
        database: peewee.Database,
        capacity: int,
        turnaround_s: tuple[float, float],
        positive_share: float,
    ):
        self._database = database
        self._capacity = capacity
        self._turnaround_s = turnaround_s
        self._positive_share = positive_share

    def run(self) -> None:
        """Work once, with a connection of its own."""
        with self._database.connection_context():
            self.work()

    def work(self) -> None:
        """Finish the tests that are due, and begin as many as there is room for."""
        now = time.time()
        with self._database.atomic():
            for order in Order.select().where((Order.state == "running") & (Order.due_at <= now)):
                self._finish(order)
            free = self._capacity - Order.select().where(Order.state == "running").count()
            waiting = Order.select().where(Order.state == "ordered").order_by(Order.priority.desc(), Order.id)
            for order in waiting.limit(free):
                self._begin(order, now)

    def _begin(self, order: Order, now: float) -> None:
        plan = Plan.get_or_none(Plan.sample_barcode == order.sample_barcode)
        if plan and plan.result == "never":
            _update(order, "lost")
        else:
            takes_s = plan.after_s if plan and plan.after_s is not None else random.uniform(*self._turnaround_s)
            _update(order, "running", due_at=now + takes_s)

    def _finish(self, order: Order) -> None:
        if not _update(order, "finished"):
            return
        plan = Plan.get_or_none(Plan.sample_barcode == order.sample_barcode)
        FeedItem.create(
            kind="result",
            case_reference=order.case_reference,
            sample_number=order.sample_number,
            sample_barcode=order.sample_barcode,
            status="final",
            result=plan.result if plan else self._drawn(),
        )

    def _drawn(self) -> str:
        return "positive" if random.random() < self._positive_share else "negative"


def _update(order: Order, state: str, **more: float) -> bool:
    """Change an order's state, and leave its priority; False when it was cancelled or erased since it was read."""
    as_read = (Order.id == order.id) & (Order.state == order.state)
    return Order.update(state=state, **more).where(as_read).execute() == 1
