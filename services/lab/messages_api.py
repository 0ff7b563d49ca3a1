"""HTTP API of laboratories' messages: for laboratories that send them, and for the staff's tasks."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

from flask import Response, request
from flask_openapi3 import OpenAPI
from peewee import fn

from services.http import IdempotencyKeys, Problem, problem_response
from services.lab import inbox, kits, schemas
from services.lab.matching import Outcome
from services.lab.messages.reports import Format
from services.lab.models import Decided, Transmission
from services.lab.observations import describe, load
from services.schemas import EmptyAnswer, Idempotent

PATH = "/v1/messages"
PAGE_SIZE = 100
MEDIA_TYPES = {
    "application/hl7-v2": Format.HL7,
    "application/hl7-v2+er7": Format.HL7,
    "x-application/hl7-v2+er7": Format.HL7,
    "application/fhir+json": Format.FHIR,
    "application/json": Format.FHIR,
    "text/csv": Format.CSV,
}
NO_MESSAGE = problem_response("There is no such message")
NO_ITEM = problem_response("There is no such item")
NOT_POSSIBLE = problem_response("not_possible: the message says why; key_reused")
# all else than an empty text is stored as FHIR or CSV: staff see in their inbox what can't be read
BODIES: dict[Format, dict[str, Any]] = {
    Format.HL7: {"type": "string", "pattern": "MSH"},
    Format.FHIR: {},
    Format.CSV: {"pattern": r"\S"},
}
BODY = {"content": {name: {"schema": BODIES[format]} for name, format in MEDIA_TYPES.items()}, "required": True}


def add_message_routes(app: OpenAPI, messages: inbox.Inbox) -> None:
    """Add the routes that laboratories call."""

    @app.post(
        PATH,
        responses={
            200: schemas.MessageReceipt,
            202: schemas.MessageReceipt,
            413: problem_response("The message is too large"),
            415: problem_response("The message is neither HL7 v2, FHIR in JSON, nor CSV"),
        },
        openapi_extensions={"requestBody": BODY},
    )
    def receive() -> tuple[dict[str, Any], int]:
        """Store a message: HL7 v2 ORU^R01, also batches; FHIR R4 in JSON; or CSV, one row a test.

        202: it is on disk, and is read within seconds. 200: the same content was stored before.
        """
        try:
            receipt = messages.receive("http", request.get_data(), MEDIA_TYPES.get(request.mimetype))
        except inbox.Refused as refused:
            raise Problem(415, "unsupported_media_type", str(refused)) from None
        return {"id": receipt.id}, 202 if receipt.is_new else 200

    @app.get(f"{PATH}/<int:message_id>", responses={200: schemas.MessageProgress, 404: NO_MESSAGE})
    def progress(path: schemas.MessagePath) -> dict[str, Any]:
        """Show how many results of a message were read, and what became of them."""
        transmission = _get_transmission(path.message_id)
        of_message = Decided.transmission_id == transmission.id
        query = Decided.select(Decided.outcome, fn.COUNT(Decided.id)).where(of_message)
        outcomes: Any = query.group_by(Decided.outcome).tuples()
        return {
            "id": transmission.id,
            "is_processed": transmission.is_processed,
            "total": transmission.total,
            "decided": transmission.decided,
            "outcomes": dict(outcomes),
        }

    @app.get(f"{PATH}/<int:message_id>/refused.csv", responses={200: {"description": "text/csv"}, 404: NO_MESSAGE})
    def list_refused(path: schemas.MessagePath) -> Response:
        """List the results of a message that weren't taken, with their place in it and the reason."""
        transmission = _get_transmission(path.message_id)
        outcomes = (Outcome.INBOX, inbox.REJECTED)
        rows = Decided.select().where(Decided.transmission_id == transmission.id, Decided.outcome.in_(outcomes))
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(("place", "outcome", "reason"))
        writer.writerows((row.place, row.outcome, row.reason) for row in rows.order_by(Decided.position))
        return Response(text.getvalue(), mimetype="text/csv")


def add_inbox_routes(app: OpenAPI, messages: inbox.Inbox, idempotency: IdempotencyKeys) -> None:
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
            "assign": lambda: messages.assign(row.id, body.sample_barcode or "", body.result or ""),
            "map_test": lambda: messages.map_code(row.id, "test", body.meaning or ""),
            "map_result": lambda: messages.map_code(row.id, "result", body.meaning or ""),
            "reject": lambda: messages.reject(row.id, body.reason or ""),
        }
        try:
            outcome = decisions[body.decision]()
        except inbox.InvalidDecision as error:
            raise Problem(409, "not_possible", str(error)) from None
        return {"outcome": outcome, "reason": Decided.get_by_id(row.id).reason}, 200


def _get_transmission(message_id: int) -> Transmission:
    found = Transmission.get_or_none(Transmission.id == message_id) if message_id < schemas.MAX_ID else None
    if found is None:
        raise Problem(404, "not_found", "there is no such message")
    return found


def _get_row(item_id: int) -> Decided:
    found = Decided.get_or_none(Decided.id == item_id) if item_id < schemas.MAX_ID else None
    if found is None:
        raise Problem(404, "not_found", "there is no such item")
    return found


def _to_json(row: Decided) -> dict[str, Any]:
    facts = describe(load(row.observation)[0], row.sender) if row.observation else {}
    return {
        "id": row.id,
        "outcome": row.outcome,
        "case_reference": row.case_reference,
        "reason": row.reason,
        "facts": [{"fact": label, "value": value} for label, value in facts.items()],
    }
