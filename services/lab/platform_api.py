"""HTTP API for our workers: kits, orders, and the feed of results and granted kits."""

from __future__ import annotations

from typing import Any

import peewee
from flask_openapi3 import OpenAPI

from services.http import KEY_REUSED, IdempotencyKeys, Problem, problem_response
from services.lab import kits, schemas
from services.lab.gateway.inbox import Inbox
from services.lab.gateway.inbox import erase_case as erase_messages
from services.lab.models import FeedItem, Order, Plan, Reservation, Stock, Waiting
from services.lab.samples import parse_order_id
from services.schemas import CasePath, EmptyAnswer, Idempotent

PAGE_SIZE = 100
NO_KIT = problem_response("kit_shortage: none is left, the sample is on the waiting list; case_released; key_reused")
NOT_ORDERED = problem_response("barcode_known: a test was ordered already; case_released; key_reused")


def add_platform_routes(app: OpenAPI, database: peewee.Database, inbox: Inbox, idempotency: IdempotencyKeys) -> None:
    _add_kit_routes(app, idempotency)
    _add_case_routes(app, idempotency)
    _add_erasure_route(app, database, idempotency)
    _add_test_routes(app, idempotency, inbox)
    _add_feed_routes(app)


def _add_kit_routes(app: OpenAPI, idempotency: IdempotencyKeys) -> None:
    @app.get("/v1/stock", responses={200: schemas.StockAnswer})
    def stock() -> dict[str, int]:
        """Number of kits in stock, and of samples that wait for one."""
        return {"kits": Stock.get().kits, "waiting": Waiting.select().count()}

    @app.post("/v1/stock", responses={201: schemas.RestockAnswer, 409: KEY_REUSED})
    @idempotency.once
    def restock(header: Idempotent, body: schemas.Restock) -> tuple[dict[str, Any], int]:
        """Add kits to the stock; samples on the waiting list get theirs first."""
        kits.lock()
        kits.add(body.kits)
        return {"kits": Stock.get().kits}, 201

    @app.post("/v1/kits/reservations", responses={201: schemas.ReservationAnswer, 409: NO_KIT})
    @idempotency.once
    def reserve_kit(header: Idempotent, body: schemas.KitRequest) -> tuple[dict[str, Any], int]:
        """Reserve a kit for a sample; if none is left, the sample waits until the feed grants it one."""
        kits.lock()
        _refuse_released(body.case_reference, body.sample_number)
        reservation = kits.reserve(**body.model_dump())
        if reservation is None:
            message = "no test kit is left; the feed grants one, in the order of priority and age"
            return {"code": "kit_shortage", "message": message}, 409
        return {"reservation_id": str(reservation.id)}, 201


def _add_case_routes(app: OpenAPI, idempotency: IdempotencyKeys) -> None:
    @app.post("/v1/cases/<case_reference>/release", responses={200: EmptyAnswer, 409: KEY_REUSED})
    @idempotency.once
    def release(path: CasePath, header: Idempotent, body: schemas.CaseRelease) -> tuple[dict[str, Any], int]:
        """Release the samples of a case up to this one.

        Returns an unused kit to the stock, removes the samples from the waiting list, cancels their tests, and refuses
        later requests for them.
        """
        kits.lock()
        kits.release(path.case_reference, **body.model_dump())
        return {}, 200

    @app.put("/v1/cases/<case_reference>/priority", responses={200: EmptyAnswer})
    def set_priority(path: CasePath, body: schemas.CasePriority) -> tuple[dict[str, Any], int]:
        """Raise the priority of waiting samples and tests; one that an inquiry has raised further isn't lowered."""
        for table in (Waiting, Order):
            lower = (table.case_reference == path.case_reference) & (table.priority < body.priority)
            table.update(priority=body.priority).where(lower).execute()
        return {}, 200


def _add_erasure_route(app: OpenAPI, database: peewee.Database, idempotency: IdempotencyKeys) -> None:
    @app.delete("/v1/cases/<case_reference>", responses={200: EmptyAnswer})
    def erase(path: CasePath) -> dict[str, Any]:
        """Erase a case, and refuse later requests for it. Idempotent."""
        with database.atomic():
            kits.lock()
            kits.refuse_all(path.case_reference)
            barcodes = Order.select(Order.sample_barcode).where(Order.case_reference == path.case_reference)
            Plan.delete().where(Plan.sample_barcode.in_(barcodes)).execute()
            for table in (Waiting, Reservation, Order, FeedItem):
                table.delete().where(table.case_reference == path.case_reference).execute()
            idempotency.delete_case(path.case_reference)
            erase_messages(path.case_reference)
        return {}


def _add_test_routes(app: OpenAPI, idempotency: IdempotencyKeys, inbox: Inbox) -> None:
    @app.post("/v1/orders", responses={201: schemas.OrderAnswer, 409: NOT_ORDERED})
    @idempotency.once
    def order_test(header: Idempotent, body: schemas.OrderRequest) -> tuple[dict[str, Any], int]:
        """Order the test of a sample."""
        kits.lock()
        _refuse_released(body.case_reference, body.sample_number)
        if Order.get_or_none(Order.sample_barcode == body.sample_barcode):
            raise Problem(409, "barcode_known", "a test of this sample was ordered already")
        order = Order.create(**body.model_dump())
        inbox.notify_ordered(order.sample_barcode, order.number)
        return {"order_id": order.number}, 201

    @app.post(
        "/v1/orders/<order_id>/inquiry",
        responses={200: schemas.OrderState, 404: problem_response("There is no such order"), 409: KEY_REUSED},
    )
    @idempotency.once
    def inquire(path: schemas.OrderPath, header: Idempotent) -> tuple[dict[str, Any], int]:
        """Ask for a late result; the lab then does this test before the others."""
        order_id = parse_order_id(path.order_id)
        order = Order.get_or_none(Order.id == order_id) if order_id else None
        if order is None:
            raise Problem(404, "not_found", "there is no such order")
        Order.update(priority=Order.priority + 100).where(Order.id == order.id).execute()
        return {"state": order.state}, 200


def _add_feed_routes(app: OpenAPI) -> None:
    @app.get("/v1/feed", responses={200: schemas.FeedPage})
    def feed(query: schemas.FeedQuery) -> dict[str, Any]:
        """Results and granted kits that are not acknowledged, oldest first, at most 100."""
        waiting = FeedItem.select().where(~FeedItem.acknowledged, FeedItem.id > query.after)
        items = list(waiting.order_by(FeedItem.id).limit(PAGE_SIZE))
        return {"items": [_to_json(item) for item in items], "next": items[-1].id if items else query.after}

    @app.post(
        "/v1/feed/<int:item_id>/acknowledgement",
        responses={200: EmptyAnswer, 404: problem_response("The feed has no such item")},
    )
    def acknowledge(path: schemas.ItemPath) -> tuple[dict[str, Any], int]:
        """Acknowledge an item, which is then no longer in the feed."""
        found = FeedItem.update(acknowledged=True).where(FeedItem.id == path.item_id)
        if path.item_id > schemas.MAX_ID or not found.execute():
            raise Problem(404, "not_found", "the feed has no such item")
        return {}, 200


def _refuse_released(case_reference: str, sample_number: int) -> None:
    if kits.is_released(case_reference, sample_number):
        raise Problem(409, "case_released", "this sample of the case was released")


def _to_json(item: FeedItem) -> dict[str, Any]:
    names = ("id", "kind", "case_reference", "sample_number", "sample_barcode", "status", "result")
    return {name: getattr(item, name) for name in names}
