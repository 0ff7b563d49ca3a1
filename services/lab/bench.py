"""Simulation of the lab's bench: does a limited number of tests concurrently, by priority and then by age."""

from __future__ import annotations

import random
import time

import peewee

from services.lab.models import FeedItem, Order, Plan

INTERVAL_S = 0.25


class Bench:
    """Processes the orders.

    Args:
        capacity: maximum number of concurrent tests.
        turnaround_s: minimum and maximum duration of a test, in seconds.
        positive_share: share of positive results among samples without a planned result.
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
        """Process the orders once, with a connection that the thread keeps until an error.

        SQLite checkpoints its write-ahead log, with an fsync, whenever the last connection is closed.
        """
        self._database.connect(reuse_if_open=True)
        try:
            self.process_orders()
        except BaseException:
            self._database.close()
            raise

    def process_orders(self) -> None:
        """Finish the tests that are due, and start others up to the capacity."""
        now = time.time()
        with self._database.atomic():
            for order in Order.select().where((Order.state == "running") & (Order.due_at <= now)):
                self._finish(order)
            free = self._capacity - Order.select().where(Order.state == "running").count()
            waiting = Order.select().where(Order.state == "ordered").order_by(Order.priority.desc(), Order.id)
            for order in waiting.limit(free):
                self._start(order, now)

    def _start(self, order: Order, now: float) -> None:
        plan = Plan.get_or_none(Plan.sample_barcode == order.sample_barcode)
        if plan and plan.result == "never":
            _update(order, "lost")
        else:
            duration_s = plan.after_s if plan and plan.after_s is not None else random.uniform(*self._turnaround_s)
            _update(order, "running", due_at=now + duration_s)

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
            result=plan.result if plan else self._random_result(),
        )

    def _random_result(self) -> str:
        return "positive" if random.random() < self._positive_share else "negative"


def _update(order: Order, state: str, **more: float) -> bool:
    """Update an order's state only, not its priority; returns False if it was cancelled or erased since it was read."""
    as_read = (Order.id == order.id) & (Order.state == order.state)
    return Order.update(state=state, **more).where(as_read).execute() == 1
