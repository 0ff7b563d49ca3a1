"""The laboratory's lane: reserve a test kit, order the test, tell the result (steps 7, 9 and 12)."""

from __future__ import annotations

from typing import Any

from processes.errors import KitShortage
from records.outbox import Outbox
from workers.outside import Refused, Service, effect_key
from workers.topics import topic


@topic("lab.reserve_kit")
def reserve_kit(case_reference: str, sample_number: int, testing_priority: int, lab: Service) -> None:
    key = effect_key(case_reference, "reserve_kit", sample_number)
    body = {"case_reference": case_reference, "sample_number": sample_number, "priority": testing_priority}
    try:
        lab.post("/v1/kits/reservations", body, key)
    except Refused as refused:
        if refused.code == KitShortage.code:
            raise KitShortage from None
        raise


@topic("lab.order_test")
def order_test(
    case_reference: str,
    sample_number: int,
    sample_barcode: str,
    specimen_type: str,
    testing_priority: int,
    lab: Service,
) -> dict[str, Any]:
    body = {
        "case_reference": case_reference,
        "sample_barcode": sample_barcode,
        "specimen_type": specimen_type,
        "priority": testing_priority,
    }
    order = lab.post("/v1/orders", body, effect_key(case_reference, "order_test", sample_number))
    return {"lab_order_id": order["order_id"]}


@topic("lab.tell_result")
def tell_result(case_reference: str, sample_number: int, channel: str, email: str, outbox: Outbox) -> None:
    if channel == "email":
        outbox.add(effect_key(case_reference, "tell_result", sample_number), email, "result_there")
