"""HTTP API for laboratories: sends messages, shows what became of them, lists the rows that weren't taken."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

import peewee
from flask import Response, g, request
from flask_openapi3 import OpenAPI
from peewee import fn
from werkzeug.exceptions import RequestEntityTooLarge

from services.http import Problem, problem_response
from services.lab import schemas
from services.lab.gateway.decisions import REJECTED
from services.lab.gateway.inbox import Inbox
from services.lab.gateway.matching import Outcome
from services.lab.gateway.messages.delimited import read_table
from services.lab.gateway.messages.reports import Format
from services.lab.gateway.transmissions import RECEIVED, Refused, TooLarge
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


REMARKS = ("place", "outcome", "reason", "refused_item")
IS_REFUSED = Decided.outcome.in_((Outcome.INBOX, REJECTED))


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
            content = request.get_data()
        except RequestEntityTooLarge:
            RECEIVED.labels("http", "refused").inc()
            raise
        try:
            receipt = messages.receive("http", content, MEDIA_TYPES.get(request.mimetype), g.sender)
        except TooLarge as refused:
            raise Problem(413, "request_entity_too_large", str(refused)) from None
        except Refused as refused:
            raise Problem(415, "unsupported_media_type", str(refused)) from None
        return {"id": receipt.id, "is_new": receipt.is_new}, 202 if receipt.is_new else 200

    @app.get(f"{PATH}/<int:message_id>", responses={200: schemas.MessageProgress, 404: NO_MESSAGE})
    def progress(path: schemas.MessagePath) -> dict[str, Any]:
        """Show how many results of a message were read, and what became of them."""
        transmission = _get_transmission(path.message_id)
        of_message = Decided.transmission_id == transmission.id
        return {
            "id": transmission.id,
            "is_processed": transmission.is_processed,
            "total": transmission.total,
            "decided": transmission.decided,
            "outcomes": _count(Decided.outcome, of_message),
            "refused": _count(Decided.reason, of_message & IS_REFUSED),
        }

    @app.get(f"{PATH}/<int:message_id>/refused.csv", responses={200: {"description": "text/csv"}, 404: NO_MESSAGE})
    def list_refused(path: schemas.MessagePath) -> Response:
        """List the results of a message that weren't taken, with their place in it and the reason.

        Of CSV: the rows as they were sent, after these columns, so that they can be corrected and sent again. A
        corrected row that is taken closes the item that it names.
        """
        transmission = _get_transmission(path.message_id)
        of_message = (Decided.transmission_id == transmission.id) & IS_REFUSED
        refused = Decided.select().where(of_message).order_by(Decided.position)
        return Response(_write_csv(transmission, refused), mimetype="text/csv")


def _count(column: peewee.TextField, condition: peewee.Expression) -> dict[str, int]:
    rows: Any = Decided.select(column, fn.COUNT(Decided.id)).where(condition).group_by(column).tuples()
    return dict(rows)


def _write_csv(transmission: Transmission, refused: Iterable[Decided]) -> str:
    """Return CSV with the refused results, and with the rows of a CSV file that have them."""
    content = bytes(transmission.content or b"") if transmission.format == Format.CSV else b""
    header, rows, delimiter = read_table(content)
    # of a file of refused rows that was corrected and sent again
    former = len(REMARKS) if tuple(header[: len(REMARKS)]) == REMARKS else 0
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow((*REMARKS, *header[former:]))
    writer.writerows((row.place, row.outcome, row.reason, row.id, *rows.get(row.place, [])[former:]) for row in refused)
    return text.getvalue()


def _get_transmission(message_id: int) -> Transmission:
    """Return a message; a laboratory finds only those that were sent with its key."""
    found = Transmission.get_or_none(Transmission.id == message_id) if message_id < schemas.MAX_ID else None
    if found is None or g.sender not in ("", found.laboratory):
        raise Problem(404, "not_found", "there is no such message")
    return found
