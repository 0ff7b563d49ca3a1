"""The laboratory's HTTP API: kits, orders, the feed of results and granted kits."""

from __future__ import annotations

from typing import Any

import peewee
from flask_openapi3 import OpenAPI

from services.http import KEY_REUSED, Effects, Problem, create_service, refusal
from services.lab import kits, schemas
from services.lab.models import MODELS, FeedItem, Order, Plan, Reservation, Stock, Waiting
from services.schemas import CasePath, Idempotent, Nothing

PAGE = 100
NO_KIT = refusal("kit_shortage: none is left, the sample waits; case_released; key_reused")
NOT_ORDERED = refusal("barcode_known: ordered already; case_released; key_reused")
NOT_TESTED = refusal("No test of this sample was ordered, or there is no result of it yet")


def create_app(database: peewee.Database, api_key: str, kits_at_first: int) -> OpenAPI:
    """The lab's application.

    Args:
        kits_at_first: in stock at the very first start.
    """
    app = create_service("lab", "Laboratory", "Test kits, tests and their results.", api_key, database)
    effects = Effects(database)
    _set_up(database, kits_at_first)
    _add_kits(app, effects)
    _add_cases(app, effects)
    _add_erasure(app, database, effects)
    _add_tests(app, effects)
    _add_feed(app)
    _add_simulation(app, effects)
    return app


def _add_kits(app: OpenAPI, effects: Effects) -> None:
    @app.get("/v1/stock", responses={200: schemas.StockAnswer})
    def stock() -> dict[str, int]:
        """Kits in stock, and how many samples wait for one."""
        return {"kits": Stock.get().kits, "waiting": Waiting.select().count()}

    @app.post("/v1/stock", responses={201: schemas.RestockAnswer, 409: KEY_REUSED})
    @effects.once
    def restock(header: Idempotent, body: schemas.Restock) -> tuple[dict[str, Any], int]:
        """Add kits to the stock; samples that wait are granted theirs first."""
        kits.lock()
        kits.add(body.kits)
        return {"kits": Stock.get().kits}, 201

    @app.post("/v1/kits/reservations", responses={201: schemas.ReservationAnswer, 409: NO_KIT})
    @effects.once
    def reserve_kit(header: Idempotent, body: schemas.KitRequest) -> tuple[dict[str, Any], int]:
        """Reserve a kit for a sample; without one the sample waits, and the feed grants it a kit."""
        kits.lock()
        _refuse_released(body.case_reference, body.sample_number)
        reservation = kits.reserve(**body.model_dump())
        if reservation is None:
            message = "no test kit is left; the feed grants one, in the order of priority and age"
            return {"code": "kit_shortage", "message": message}, 409
        return {"reservation_id": str(reservation.id)}, 201


def _add_cases(app: OpenAPI, effects: Effects) -> None:
    @app.post("/v1/cases/<case_reference>/release", responses={200: Nothing, 409: KEY_REUSED})
    @effects.once
    def release(path: CasePath, header: Idempotent, body: schemas.CaseRelease) -> tuple[dict[str, Any], int]:
        """Release the samples of a case up to this one.

        An unused kit goes back, what waits is dropped, what was ordered is cancelled, what comes late is refused.
        """
        kits.lock()
        kits.release(path.case_reference, **body.model_dump())
        return {}, 200

    @app.put("/v1/cases/<case_reference>/priority", responses={200: Nothing})
    def set_priority(path: CasePath, body: schemas.CasePriority) -> tuple[dict[str, Any], int]:
        """Raise what waits to this priority; what an inquiry has raised above it stays there."""
        for table in (Waiting, Order):
            lower = (table.case_reference == path.case_reference) & (table.priority < body.priority)
            table.update(priority=body.priority).where(lower).execute()
        return {}, 200


def _add_erasure(app: OpenAPI, database: peewee.Database, effects: Effects) -> None:
    @app.delete("/v1/cases/<case_reference>", responses={200: Nothing})
    def erase(path: CasePath) -> dict[str, Any]:
        """Forget a case. May be asked for again; what comes late for it is refused."""
        with database.atomic():
            kits.lock()
            kits.refuse_all(path.case_reference)
            barcodes = Order.select(Order.sample_barcode).where(Order.case_reference == path.case_reference)
            Plan.delete().where(Plan.sample_barcode.in_(barcodes)).execute()
            for table in (Waiting, Reservation, Order, FeedItem):
                table.delete().where(table.case_reference == path.case_reference).execute()
            effects.forget(path.case_reference)
        return {}


def _add_tests(app: OpenAPI, effects: Effects) -> None:
    @app.post("/v1/orders", responses={201: schemas.OrderAnswer, 409: NOT_ORDERED})
    @effects.once
    def order_test(header: Idempotent, body: schemas.OrderRequest) -> tuple[dict[str, Any], int]:
        """Order the test of a sample."""
        kits.lock()
        _refuse_released(body.case_reference, body.sample_number)
        if Order.get_or_none(Order.sample_barcode == body.sample_barcode):
            raise Problem(409, "barcode_known", "a test of this sample was ordered already")
        order = Order.create(**body.model_dump())
        return {"order_id": str(order.id)}, 201

    @app.post(
        "/v1/orders/<int:order_id>/inquiry",
        responses={200: schemas.OrderState, 404: refusal("There is no such order"), 409: KEY_REUSED},
    )
    @effects.once
    def inquire(path: schemas.OrderPath, header: Idempotent) -> tuple[dict[str, Any], int]:
        """Ask where a late result is; the test goes before the others."""
        order = Order.get_or_none(Order.id == path.order_id) if path.order_id < schemas.LARGEST_ID else None
        if order is None:
            raise Problem(404, "not_found", "there is no such order")
        Order.update(priority=Order.priority + 100).where(Order.id == path.order_id).execute()
        return {"state": order.state}, 200


def _add_feed(app: OpenAPI) -> None:
    @app.get("/v1/feed", responses={200: schemas.FeedPage})
    def feed(query: schemas.FeedQuery) -> dict[str, Any]:
        """Results and granted kits that are not acknowledged, oldest first, at most 100."""
        waiting = FeedItem.select().where(~FeedItem.acknowledged, FeedItem.id > query.after)
        items = list(waiting.order_by(FeedItem.id).limit(PAGE))
        return {"items": [_shown(item) for item in items], "next": items[-1].id if items else query.after}

    @app.post(
        "/v1/feed/<int:item_id>/acknowledgement",
        responses={200: Nothing, 404: refusal("The feed has no such item")},
    )
    def acknowledge(path: schemas.ItemPath) -> tuple[dict[str, Any], int]:
        """Say that an item was taken; it is offered no more."""
        found = FeedItem.update(acknowledged=True).where(FeedItem.id == path.item_id)
        if path.item_id > schemas.LARGEST_ID or not found.execute():
            raise Problem(404, "not_found", "the feed has no such item")
        return {}, 200


def _add_simulation(app: OpenAPI, effects: Effects) -> None:
    """What a real laboratory's people and machines do."""

    @app.put("/v1/simulation/results/<sample_barcode>", responses={200: Nothing})
    def plan_result(path: schemas.SamplePath, body: schemas.PlannedResult) -> tuple[dict[str, Any], int]:
        """Plan what the simulated lab will find in a sample."""
        Plan.insert(sample_barcode=path.sample_barcode, **body.model_dump()).on_conflict(
            conflict_target=[Plan.sample_barcode], preserve=[Plan.result, Plan.after_s]
        ).execute()
        return {}, 200

    @app.post(
        "/v1/simulation/corrections/<sample_barcode>",
        responses={201: schemas.CorrectionAnswer, 404: NOT_TESTED, 409: KEY_REUSED},
    )
    @effects.once
    def correct_result(
        path: schemas.SamplePath, header: Idempotent, body: schemas.CorrectedResult
    ) -> tuple[dict[str, Any], int]:
        """Correct a result that was given, or say that it was entered in error."""
        order = Order.get_or_none(Order.sample_barcode == path.sample_barcode)
        if order is None:
            raise Problem(404, "not_found", "no test of this sample was ordered")
        if order.state in ("ordered", "running"):
            raise Problem(404, "not_found", "no result of this sample was given yet")
        never_was = body.result == "entered_in_error"
        item = FeedItem.create(
            kind="result",
            case_reference=order.case_reference,
            sample_number=order.sample_number,
            sample_barcode=path.sample_barcode,
            status="entered-in-error" if never_was else "corrected",
            result=None if never_was else body.result,
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


def _shown(item: FeedItem) -> dict[str, Any]:
    names = ("id", "kind", "case_reference", "sample_number", "sample_barcode", "status", "result")
    return {name: getattr(item, name) for name in names}
