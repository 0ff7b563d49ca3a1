"""The laboratory's lane: reserve and release kits, order, chase, tell the result (steps 7 to 12)."""

from __future__ import annotations

from typing import Any

from camunda7.worker import topic
from hosting.clients.lab import Lab
from hosting.clients.service import Refused
from processes.errors import KitShortage
from records.outbox import Outbox
from workers.patient import tell


@topic("lab.reserve_kit", occurrence="sample_number", errors=(KitShortage,))
def reserve_kit(business_key: str, sample_number: int, testing_priority: int, effect_key: str, *, lab: Lab) -> None:
    """Without a kit the sample is on the lab's waiting list; a kit that was granted there is answered here."""
    try:
        lab.reserve_kit(business_key, sample_number, testing_priority, effect_key)
    except Refused as refused:
        if refused.code == KitShortage.code:
            raise KitShortage from None
        raise


@topic("lab.release_case", occurrence="sample_number")
def release_case(business_key: str, sample_number: int, sample_barcode: str, effect_key: str, *, lab: Lab) -> None:
    """Nothing more is wanted for this sample: its kit goes back, its order is cancelled."""
    lab.release_case(business_key, sample_number, sample_barcode is not None, effect_key)


@topic("lab.order_test", occurrence="sample_number")
def order_test(
    business_key: str,
    sample_number: int,
    sample_barcode: str,
    specimen_type: str,
    testing_priority: int,
    effect_key: str,
    *,
    lab: Lab,
) -> dict[str, Any]:
    order = {
        "case_reference": business_key,
        "sample_number": sample_number,
        "sample_barcode": sample_barcode,
        "specimen_type": specimen_type,
        "priority": testing_priority,
    }
    return {"lab_order_id": lab.order_test(order, effect_key)}


@topic("lab.chase_result", occurrence="sample_number")
def chase_result(lab_order_id: str, effect_key: str, *, lab: Lab) -> None:
    """Ask the lab where a late result is; it puts the test before the others."""
    lab.inquire(lab_order_id, effect_key)


@topic("lab.tell_result", occurrence="result_number")
def tell_result(channel: str, email: str, phone: str, language: str, effect_key: str, *, outbox: Outbox) -> None:
    """The result is on the patient's page from now on; the message only says that there is news."""
    tell(outbox, effect_key, "result_there", channel, email, phone, language)
