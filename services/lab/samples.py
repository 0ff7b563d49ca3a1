"""Samples whose tests were ordered, and the feed of their results."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from services.lab.gateway.matching import ENTERED_IN_ERROR, Decision, Outcome, Sample, normalise_barcode
from services.lab.gateway.messages.reports import Observation
from services.lab.models import ORDER_PREFIX, FeedItem, Order

# of an id
MAX_DIGITS = 10


def samples_of(observation: Observation) -> list[Sample]:
    return find_samples(map(normalise_barcode, observation.specimen_ids), observation.order_ids)


def find_samples(barcodes: Iterable[str], order_numbers: Iterable[str]) -> list[Sample]:
    ids = [id for number in order_numbers if number.startswith(ORDER_PREFIX) and (id := parse_order_id(number))]
    orders = Order.select().where(Order.sample_barcode.in_(list(barcodes)) | Order.id.in_(ids))
    return [_to_sample(order) for order in orders]


def parse_order_id(number: str) -> int | None:
    """Return the id of an order's number, also of one without prefix, as former versions gave; None if it is none."""
    return parse_id(number.removeprefix(ORDER_PREFIX))


def parse_id(digits: str) -> int | None:
    """Return the id that a text is; None if it is none."""
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < MAX_DIGITS else None


def _to_sample(order: Order) -> Sample:
    last = (
        FeedItem.select()
        .where(FeedItem.kind == "result", FeedItem.sample_barcode == order.sample_barcode)
        .order_by(FeedItem.id.desc())
        .first()
    )
    return Sample(
        case_reference=order.case_reference,
        sample_number=order.sample_number,
        barcode=order.sample_barcode,
        order_number=order.number,
        birth_date=date.fromisoformat(order.date_of_birth) if order.date_of_birth else None,
        is_cancelled=order.state == "cancelled",
        status=last.status if last else "",
        result=(last.result or "") if last else "",
    )


def report_result(decision: Decision) -> None:
    """Add a taken result to the feed, and finish its order, so that no other result is produced for it."""
    sample = decision.sample
    if decision.outcome is not Outcome.TAKEN or sample is None:
        return
    FeedItem.create(
        kind="result",
        case_reference=sample.case_reference,
        sample_number=sample.sample_number,
        sample_barcode=sample.barcode,
        status=decision.status,
        result=None if decision.status == ENTERED_IN_ERROR else decision.result,
    )
    Order.update(state="finished").where(Order.sample_barcode == sample.barcode).execute()
