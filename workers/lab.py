"""The laboratory's lane: reserve and release kits, order tests, chase results, notify of them (steps 7 to 12)."""

from __future__ import annotations

from typing import Any

from camunda7.worker import topic
from hosting.clients.lab import Lab
from hosting.clients.service import Refused
from processes.errors import KitShortage
from records.outbox import Outbox
from workers.patient import queue_notice


@topic("lab.reserve_kit", occurrence="sample_number", errors=(KitShortage,))
def reserve_kit(business_key: str, sample_number: int, testing_priority: int, effect_key: str, *, lab: Lab) -> None:
    """Reserve a test kit; if none is left, the lab puts the sample on its waiting list.

    For a sample that was granted a kit from the list, the lab answers with that kit.
    """
    try:
        lab.reserve_kit(business_key, sample_number, testing_priority, effect_key)
    except Refused as refused:
        if refused.code == KitShortage.code:
            raise KitShortage from None
        raise


@topic("lab.release_case", occurrence="sample_number")
def release_case(business_key: str, sample_number: int, sample_barcode: str, effect_key: str, *, lab: Lab) -> None:
    """Return the unused kit of this sample, and cancel its order."""
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
    """Ask the lab for a late result; the lab then does this test before the others."""
    lab.inquire(lab_order_id, effect_key)


@topic("lab.tell_result", occurrence="result_number")
def tell_result(channel: str, email: str, phone: str, language: str, effect_key: str, *, outbox: Outbox) -> None:
    """Notify the patient that the result is on their page; the message doesn't contain it."""
    queue_notice(outbox, effect_key, "result_there", channel, email, phone, language)
