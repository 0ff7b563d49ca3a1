"""The laboratory's lane: reserve and release kits, order tests, chase results, notify of them (steps 7 to 12)."""

from __future__ import annotations

from typing import Any

from camunda7.worker import topic
from hosting.clients.lab import Lab
from hosting.clients.service import Refused
from processes.errors import BarcodeKnown, KitShortage
from records.outbox import Outbox
from workers.patient import queue_notice

# the laboratory's error code, and what it means to staff
NOT_POSSIBLE = "not_possible"
DECISION_NOT_POSSIBLE = {
    "assign": "no test with this barcode is open, or it has this result already",
    "map_test": "the message has no code of the test",
    "map_result": "the message has no code of the result",
    "reject": "the item can't be rejected",
}


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


@topic("lab.order_test", occurrence="sample_number", errors=(BarcodeKnown,))
def order_test(
    business_key: str,
    sample_number: int,
    sample_barcode: str,
    specimen_type: str,
    date_of_birth: str,
    testing_priority: int,
    effect_key: str,
    *,
    lab: Lab,
) -> dict[str, Any]:
    """Order the test of a sample; the laboratory confirms with the date of birth that a result is of this patient.

    If the laboratory has another sample with this barcode, the medical team corrects it.
    """
    order = {
        "case_reference": business_key,
        "sample_number": sample_number,
        "sample_barcode": sample_barcode,
        "specimen_type": specimen_type,
        "priority": testing_priority,
        "date_of_birth": date_of_birth,
    }
    try:
        return {"lab_order_id": lab.order_test(order, effect_key)}
    except Refused as refused:
        if refused.code == BarcodeKnown.code:
            raise BarcodeKnown from None
        raise


@topic("lab.chase_result", occurrence="sample_number")
def chase_result(lab_order_id: str, effect_key: str, *, lab: Lab) -> None:
    """Ask the lab for a late result; the lab then does this test before the others."""
    lab.inquire(lab_order_id, effect_key)


@topic("lab.decide_item", occurrence="inbox_round")
def decide_item(
    inbox_item: int,
    inbox_round: int,
    inbox_decision: str,
    inbox_barcode: str,
    inbox_result: str,
    inbox_test_meaning: str,
    inbox_result_meaning: str,
    inbox_rejection: str,
    effect_key: str,
    *,
    lab: Lab,
) -> dict[str, Any]:
    """Tell the laboratory's inbox what staff decided; an item that is still open gets another task, with the reason."""
    bodies = {
        "assign": {"sample_barcode": inbox_barcode, "result": inbox_result},
        "map_test": {"meaning": inbox_test_meaning},
        "map_result": {"meaning": inbox_result_meaning},
        "reject": {"reason": inbox_rejection},
    }
    problem = ""
    try:
        lab.decide_inbox_item(inbox_item, {"decision": inbox_decision, **bodies[inbox_decision]}, effect_key)
    except Refused as refused:
        if refused.code != NOT_POSSIBLE:
            raise
        problem = DECISION_NOT_POSSIBLE[inbox_decision]
    item = lab.inbox_item(inbox_item)
    return {
        "inbox_open": "yes" if item["outcome"] == "inbox" else "no",
        "inbox_round": inbox_round + 1,
        "inbox_case": item["case_reference"],
        "inbox_facts": list_facts(item, problem),
    }


def list_facts(item: dict[str, Any], problem: str = "") -> list[dict[str, str]]:
    """Return the rows of the table in the form of an inbox item.

    Args:
        item: of the laboratory's API.
        problem: why the last decision wasn't possible.
    """
    reasons = [("Not taken because", item["reason"]), ("Your decision wasn't possible", problem)]
    return [*({"fact": fact, "value": value} for fact, value in reasons if value), *item["facts"]]


@topic("lab.tell_result", occurrence="result_number")
def tell_result(channel: str, email: str, phone: str, language: str, effect_key: str, *, outbox: Outbox) -> None:
    """Notify the patient that the result is on their page; the message doesn't contain it."""
    queue_notice(outbox, effect_key, "result_there", channel, email, phone, language)
