"""Control of the simulated laboratory through its database."""

from __future__ import annotations

from services.lab.models import Order
from tests.support.case import eventually


def finish_lab_test(barcode: str) -> None:
    """Make the running test of this sample due now; waits until it runs, because a queued order has no due time."""
    is_running = (Order.sample_barcode == barcode) & (Order.state == "running")
    eventually(lambda: Order.update(due_at=0).where(is_running).execute(), f"the lab doesn't begin with {barcode}")
