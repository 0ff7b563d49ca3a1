"""HTTP API for laboratories: sends messages, shows what became of them, lists the rows that weren't taken."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Response, request
from flask_openapi3 import OpenAPI
from peewee import fn

from services.http import Problem, problem_response
from services.lab import schemas
from services.lab.gateway.decisions import REJECTED
from services.lab.gateway.inbox import Inbox
from services.lab.gateway.matching import Outcome
from services.lab.gateway.messages.reports import Format
from services.lab.gateway.transmissions import Refused
from services.lab.models import Decided, Transmission

PATH = "/v1/messages"
MEDIA_TYPES = {
    "application/hl7-v2": Format.HL7,
    "application/hl7-v2+er7": Format.HL7,
    "x-application/hl7-v2+er7": Format.HL7,
    "application/fhir+json": Format.FHIR,
    "application/json": Format.FHIR,
    "text/csv": Format.CSV,
}
NO_MESSAGE = problem_response("There is no such message")
# all else than an empty text is stored as FHIR or CSV: staff see in their inbox what can't be read
BODIES: dict[Format, dict[str, Any]] = {
    Format.HL7: {"type": "string", "pattern": "MSH"},
    Format.FHIR: {},
    Format.CSV: {"pattern": r"\S"},
}
BODY = {"content": {name: {"schema": BODIES[format]} for name, format in MEDIA_TYPES.items()}, "required": True}


def add_message_routes(app: OpenAPI, messages: Inbox) -> None:
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
        except Refused as refused:
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
        outcomes = (Outcome.INBOX, REJECTED)
        rows = Decided.select().where(Decided.transmission_id == transmission.id, Decided.outcome.in_(outcomes))
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(("place", "outcome", "reason"))
        writer.writerows((row.place, row.outcome, row.reason) for row in rows.order_by(Decided.position))
        return Response(text.getvalue(), mimetype="text/csv")


def _get_transmission(message_id: int) -> Transmission:
    found = Transmission.get_or_none(Transmission.id == message_id) if message_id < schemas.MAX_ID else None
    if found is None:
        raise Problem(404, "not_found", "there is no such message")
    return found
