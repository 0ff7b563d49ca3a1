"""The laboratory, made to hurry."""

from __future__ import annotations

from services.lab.models import Order
from tests.support.case import eventually


def lab_gets_to(barcode: str) -> None:
    """The lab ends the test of this sample now; a test that waits for its turn isn't due at any time yet."""
    is_begun = (Order.sample_barcode == barcode) & (Order.state == "running")
    eventually(lambda: Order.update(due_at=0).where(is_begun).execute(), f"the lab doesn't begin with {barcode}")
