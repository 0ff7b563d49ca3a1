"""The laboratory's HTTP API: kits, orders, the feed of results. Described in openapi.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import peewee
from flask import Flask, request

from services.http import Effects, Problem, body_with, create_service
from services.lab.models import MODELS, FeedItem, Order, Plan, Reservation, Stock

PAGE = 100
RESULTS = ("positive", "negative", "indeterminate")
LARGEST_ID = 2**62


def create_app(database: peewee.Database, api_key: str, kits: int) -> Flask:
    """The lab's application.

    Args:
        kits: in stock at the very first start.
    """
    app = create_service("services.lab", api_key, Path(__file__).with_name("openapi.yaml"), database)
    effects = Effects(database)
    _set_up(database, effects, kits)
    _add_kits(app, effects)
    _add_tests(app, effects)
    _add_feed(app)
    return app


def _add_kits(app: Flask, effects: Effects) -> None:
    @app.get("/v1/stock")
    def stock() -> dict[str, int]:
        return {"kits": Stock.get().kits}

    @app.post("/v1/stock")
    @effects.once
    def restock() -> tuple[dict[str, Any], int]:
        body = body_with(kits=int)
        if not 1 <= body["kits"] <= 1_000_000:
            raise Problem(400, "malformed", "kits must be from 1 to 1,000,000")
        Stock.update(kits=Stock.kits + body["kits"]).execute()
        return {"kits": Stock.get().kits}, 201

    @app.post("/v1/kits/reservations")
    @effects.once
    def reserve_kit() -> tuple[dict[str, Any], int]:
        body = body_with(case_reference=str, sample_number=int, priority=int)
        _within_integers(body["sample_number"], body["priority"])
        if not Stock.update(kits=Stock.kits - 1).where(Stock.kits > 0).execute():
            raise Problem(409, "kit_shortage", "no test kit is left; ask again later")
        reservation, created = Reservation.get_or_create(
            case_reference=body["case_reference"],
            sample_number=body["sample_number"],
            defaults={"priority": body["priority"]},
        )
        if not created:
            raise Problem(409, "already_reserved", "this sample of the case has a kit already")
        return {"reservation_id": str(reservation.id)}, 201


def _add_tests(app: Flask, effects: Effects) -> None:
    @app.post("/v1/orders")
    @effects.once
    def order_test() -> tuple[dict[str, Any], int]:
        body = body_with(case_reference=str, sample_barcode=str, specimen_type=str, priority=int)
        _within_integers(body["priority"])
        if Order.get_or_none(Order.sample_barcode == body["sample_barcode"]):
            raise Problem(409, "barcode_known", "a test of this sample was ordered already")
        order = Order.create(**body)
        return {"order_id": str(order.id)}, 201

    @app.put("/v1/simulation/results/<sample_barcode>")
    def plan_result(sample_barcode: str) -> tuple[dict[str, Any], int]:
        body = body_with(result=str)
        if body["result"] not in RESULTS:
            raise Problem(400, "malformed", f"result must be one of {', '.join(RESULTS)}")
        Plan.insert(sample_barcode=sample_barcode, result=body["result"]).on_conflict(
            conflict_target=[Plan.sample_barcode], preserve=[Plan.result]
        ).execute()
        return {}, 200


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


def _set_up(database: peewee.Database, effects: Effects, kits: int) -> None:
    database.bind(MODELS)
    with database.connection_context(), database.atomic():
        database.create_tables([*MODELS, effects.table], safe=True)
        if not Stock.select().exists():
            Stock.create(kits=kits)


def _within_integers(*numbers: int) -> None:
    if any(abs(number) > 1_000_000 for number in numbers):
        raise Problem(400, "malformed", "a number is too large")


def _shown(item: FeedItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "case_reference": item.case_reference,
        "sample_barcode": item.sample_barcode,
        "result": item.result,
    }
