"""The laboratory's HTTP API: kits, orders, the feed of results and granted kits. Described in openapi.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import peewee
from flask import Flask, request

from services.http import Effects, Problem, body_with, create_service
from services.lab import kits
from services.lab.models import MODELS, FeedItem, Order, Plan, Reservation, Stock, Waiting

PAGE = 100
RESULTS = ("positive", "negative", "inconclusive", "unsatisfactory")
ENTERED_IN_ERROR = "entered_in_error"
LARGEST_ID = 2**62


def create_app(database: peewee.Database, api_key: str, kits_at_first: int) -> Flask:
    """The lab's application.

    Args:
        kits_at_first: in stock at the very first start.
    """
    app = create_service("lab", api_key, Path(__file__).with_name("openapi.yaml"), database)
    effects = Effects(database)
    _set_up(database, kits_at_first)
    _add_kits(app, effects)
    _add_cases(app, effects)
    _add_erasure(app, database, effects)
    _add_tests(app, effects)
    _add_feed(app)
    _add_simulation(app, effects)
    return app


def _add_kits(app: Flask, effects: Effects) -> None:
    @app.get("/v1/stock")
    def stock() -> dict[str, int]:
        return {"kits": Stock.get().kits, "waiting": Waiting.select().count()}

    @app.post("/v1/stock")
    @effects.once
    def restock() -> tuple[dict[str, Any], int]:
        body = body_with(kits=int)
        if not 1 <= body["kits"] <= 1_000_000:
            raise Problem(400, "malformed", "kits must be from 1 to 1,000,000")
        kits.lock()
        kits.add(body["kits"])
        return {"kits": Stock.get().kits}, 201

    @app.post("/v1/kits/reservations")
    @effects.once
    def reserve_kit() -> tuple[dict[str, Any], int]:
        body = body_with(case_reference=str, sample_number=int, priority=int)
        _within_integers(body["sample_number"], body["priority"])
        kits.lock()
        _refuse_released(body["case_reference"], body["sample_number"])
        reservation = kits.reserve(**body)
        if reservation is None:
            message = "no test kit is left; the feed grants one, in the order of priority and age"
            return {"code": "kit_shortage", "message": message}, 409
        return {"reservation_id": str(reservation.id)}, 201


def _add_cases(app: Flask, effects: Effects) -> None:
    @app.post("/v1/cases/<case_reference>/release")
    @effects.once
    def release(case_reference: str) -> tuple[dict[str, Any], int]:
        body = body_with(through_sample=int, kit_used=bool)
        _within_integers(body["through_sample"])
        kits.lock()
        kits.release(case_reference, **body)
        return {}, 200

    @app.put("/v1/cases/<case_reference>/priority")
    def set_priority(case_reference: str) -> tuple[dict[str, Any], int]:
        """Raise what waits to this priority; what an inquiry has raised above it stays there."""
        priority = body_with(priority=int)["priority"]
        _within_integers(priority)
        for table in (Waiting, Order):
            lower = (table.case_reference == case_reference) & (table.priority < priority)
            table.update(priority=priority).where(lower).execute()
        return {}, 200


def _add_erasure(app: Flask, database: peewee.Database, effects: Effects) -> None:
    @app.delete("/v1/cases/<case_reference>")
    def erase(case_reference: str) -> dict[str, Any]:
        """Forget a case. May be asked for again; what comes late for it is refused."""
        with database.atomic():
            kits.lock()
            kits.refuse_all(case_reference)
            barcodes = Order.select(Order.sample_barcode).where(Order.case_reference == case_reference)
            Plan.delete().where(Plan.sample_barcode.in_(barcodes)).execute()
            for table in (Waiting, Reservation, Order, FeedItem):
                table.delete().where(table.case_reference == case_reference).execute()
            effects.forget(case_reference)
        return {}


def _add_tests(app: Flask, effects: Effects) -> None:
    @app.post("/v1/orders")
    @effects.once
    def order_test() -> tuple[dict[str, Any], int]:
        body = body_with(case_reference=str, sample_number=int, sample_barcode=str, specimen_type=str, priority=int)
        _within_integers(body["sample_number"], body["priority"])
        kits.lock()
        _refuse_released(body["case_reference"], body["sample_number"])
        if Order.get_or_none(Order.sample_barcode == body["sample_barcode"]):
            raise Problem(409, "barcode_known", "a test of this sample was ordered already")
        order = Order.create(**body)
        return {"order_id": str(order.id)}, 201

    @app.post("/v1/orders/<int:order_id>/inquiry")
    @effects.once
    def inquire(order_id: int) -> tuple[dict[str, Any], int]:
        """Somebody waits too long for this one: it goes before the others."""
        order = Order.get_or_none(Order.id == order_id) if order_id < LARGEST_ID else None
        if order is None:
            raise Problem(404, "not_found", "there is no such order")
        Order.update(priority=Order.priority + 100).where(Order.id == order_id).execute()
        return {"state": order.state}, 200


def _add_feed(app: Flask) -> None:
    @app.get("/v1/feed")
    def feed() -> dict[str, Any]:
        after = request.args.get("after", "0")
        if not after.isascii() or not after.isdigit() or int(after) > LARGEST_ID:
            raise Problem(400, "malformed", "after must be the `next` of an earlier page, or 0")
        waiting = FeedItem.select().where(~FeedItem.acknowledged, FeedItem.id > int(after))
        items = list(waiting.order_by(FeedItem.id).limit(PAGE))
        return {"items": [_shown(item) for item in items], "next": items[-1].id if items else int(after)}

    @app.post("/v1/feed/<int:item_id>/acknowledgement")
    def acknowledge(item_id: int) -> tuple[dict[str, Any], int]:
        if item_id > LARGEST_ID or not FeedItem.update(acknowledged=True).where(FeedItem.id == item_id).execute():
            raise Problem(404, "not_found", "the feed has no such item")
        return {}, 200


def _add_simulation(app: Flask, effects: Effects) -> None:
    """What a real laboratory's people and machines do."""

    @app.put("/v1/simulation/results/<sample_barcode>")
    def plan_result(sample_barcode: str) -> tuple[dict[str, Any], int]:
        body = body_with(result=str, after_s=(int, float, type(None)))
        if body["result"] not in (*RESULTS, "never"):
            raise Problem(400, "malformed", f"result must be one of {', '.join(RESULTS)}, never")
        Plan.insert(sample_barcode=sample_barcode, **body).on_conflict(
            conflict_target=[Plan.sample_barcode], preserve=[Plan.result, Plan.after_s]
        ).execute()
        return {}, 200

    @app.post("/v1/simulation/corrections/<sample_barcode>")
    @effects.once
    def correct_result(sample_barcode: str) -> tuple[dict[str, Any], int]:
        result = body_with(result=str)["result"]
        if result not in (*RESULTS, ENTERED_IN_ERROR):
            raise Problem(400, "malformed", f"result must be one of {', '.join(RESULTS)}, {ENTERED_IN_ERROR}")
        order = Order.get_or_none(Order.sample_barcode == sample_barcode)
        if order is None:
            raise Problem(404, "not_found", "no test of this sample was ordered")
        if order.state in ("ordered", "running"):
            raise Problem(404, "not_found", "no result of this sample was given yet")
        never_was = result == ENTERED_IN_ERROR
        item = FeedItem.create(
            kind="result",
            case_reference=order.case_reference,
            sample_number=order.sample_number,
            sample_barcode=sample_barcode,
            status="entered-in-error" if never_was else "corrected",
            result=None if never_was else result,
        )
        return {"id": item.id}, 201


def _set_up(database: peewee.Database, kits_at_first: int) -> None:
    database.bind(MODELS)
    with database.connection_context(), database.atomic():
        if not Stock.select().exists():
            Stock.create(kits=kits_at_first)


def _refuse_released(case_reference: str, sample_number: int) -> None:
    if kits.is_released(case_reference, sample_number):
        raise Problem(409, "case_released", "the case wants nothing more for this sample")


def _within_integers(*numbers: int) -> None:
    if any(abs(number) > 1_000_000 for number in numbers):
        raise Problem(400, "malformed", "a number is too large")


def _shown(item: FeedItem) -> dict[str, Any]:
    names = ("id", "kind", "case_reference", "sample_number", "sample_barcode", "status", "result")
    return {name: getattr(item, name) for name in names}
