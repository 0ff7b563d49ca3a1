"""HTTP API for the tasks of laboratory staff: the items of the inbox, and decisions on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_openapi3 import OpenAPI

from services.http import IdempotencyKeys, Problem, problem_response
from services.lab import kits, schemas
from services.lab.gateway import staff_decisions
from services.lab.gateway.matching import Outcome
from services.lab.gateway.observations import describe, load
from services.lab.models import Decided, Transmission
from services.schemas import EmptyAnswer, Idempotent

PAGE_SIZE = 100
NO_ITEM = problem_response("There is no such item")
NOT_POSSIBLE = problem_response("not_possible: the message says why; key_reused")


def add_inbox_routes(app: OpenAPI, idempotency: IdempotencyKeys) -> None:
    """Add the routes of the staff's tasks."""

    @app.get("/v1/inbox", responses={200: schemas.InboxPage})
    def list_items() -> dict[str, Any]:
        """Items for which staff have no task yet, and items with a task that left the inbox, at most 100 each."""
        is_open = Decided.outcome == Outcome.INBOX
        new = Decided.select().where(is_open, ~Decided.has_task).order_by(Decided.id).limit(PAGE_SIZE)
        closed = Decided.select().where(~is_open, Decided.has_task).order_by(Decided.id).limit(PAGE_SIZE)
        return {
            "new": [_to_json(row) for row in new],
            "closed": [{"id": row.id, "case_reference": row.case_reference} for row in closed],
        }

    @app.get("/v1/inbox/<int:item_id>", responses={200: schemas.InboxItem, 404: NO_ITEM})
    def show_item(path: schemas.ItemPath) -> dict[str, Any]:
        """Show an item: what was understood, and why it wasn't taken."""
        return _to_json(_get_row(path.item_id))

    @app.put("/v1/inbox/<int:item_id>/task", responses={200: EmptyAnswer, 404: NO_ITEM})
    def set_task(path: schemas.ItemPath, body: schemas.InboxTask) -> dict[str, Any]:
        """Set whether staff have a task for an item. Idempotent."""
        row = _get_row(path.item_id)
        Decided.update(has_task=body.exists).where(Decided.id == row.id).execute()
        return {}

    @app.post(
        "/v1/inbox/<int:item_id>/decision", responses={200: schemas.DecisionAnswer, 404: NO_ITEM, 409: NOT_POSSIBLE}
    )
    @idempotency.once
    def decide(path: schemas.ItemPath, header: Idempotent, body: schemas.StaffDecision) -> tuple[dict[str, Any], int]:
        """Assign an item to a sample, map its code, or reject it with a reason."""
        kits.lock()
        row = _get_row(path.item_id)
        decisions: dict[str, Callable[[], str]] = {
            "assign": lambda: staff_decisions.assign(row.id, body.sample_barcode or "", body.result or ""),
            "map_test": lambda: staff_decisions.map_code(row.id, "test", body.meaning or ""),
            "map_result": lambda: staff_decisions.map_code(row.id, "result", body.meaning or ""),
            "reject": lambda: staff_decisions.reject(row.id, body.reason or ""),
        }
        try:
            outcome = decisions[body.decision]()
        except staff_decisions.InvalidDecision as error:
            raise Problem(409, "not_possible", str(error)) from None
        return {"outcome": outcome, "reason": Decided.get_by_id(row.id).reason}, 200


def _get_row(item_id: int) -> Decided:
    found = Decided.get_or_none(Decided.id == item_id) if item_id < schemas.MAX_ID else None
    if found is None:
        raise Problem(404, "not_found", "there is no such item")
    return found


def _to_json(row: Decided) -> dict[str, Any]:
    facts = describe(load(row.observation)[0], row.sender) if row.observation else {}
    laboratory = Transmission.get_by_id(row.transmission_id).laboratory
    if facts and laboratory:
        facts["Sent with the key of"] = laboratory
    return {
        "id": row.id,
        "outcome": row.outcome,
        "case_reference": row.case_reference,
        "reason": row.reason,
        "facts": [{"fact": label, "value": value} for label, value in facts.items()],
    }
