"""HTTP API of an SMS gateway for demonstration and tests, which stores messages instead of sending them."""

from __future__ import annotations

import re
from typing import Any

import peewee
from flask_openapi3 import OpenAPI

from services.http import KEY_REUSED, IdempotencyKeys, Problem, create_service, problem_response
from services.schemas import EmptyAnswer, Idempotent
from services.sms import schemas
from services.sms.models import Sms

NUMBER = re.compile(r"\+?[0-9]{5,20}")
# prefixes of numbers that this gateway rejects; the second is reserved for fictitious numbers (Ofcom)
UNKNOWN_PREFIXES = ("000", "4477009009")
UNKNOWN_NUMBER = problem_response("unknown_number: the number doesn't exist")


def create_app(database: peewee.Database, api_key: str) -> OpenAPI:
    """Create the gateway's application."""
    app = create_service("sms", "SMS gateway", "Sends short messages; this one only stores them.", api_key, database)
    idempotency = IdempotencyKeys(database)
    database.bind([Sms])

    @app.post(
        "/v1/messages",
        responses={
            201: schemas.MessageAnswer,
            409: KEY_REUSED,
            422: UNKNOWN_NUMBER,
        },
    )
    @idempotency.once
    def send(header: Idempotent, body: schemas.Message) -> tuple[dict[str, Any], int]:
        """Send a message."""
        number = normalize_number(body.to)
        if not NUMBER.fullmatch(number) or number.lstrip("+").startswith(UNKNOWN_PREFIXES):
            raise Problem(422, "unknown_number", "this number doesn't exist")
        sms = Sms.create(key=header.key, recipient=number, text=body.text)
        return {"message_id": str(sms.id)}, 201

    @app.get("/v1/messages", responses={200: schemas.SentAnswer})
    def sent(query: schemas.SentQuery) -> dict[str, Any]:
        """List the messages to a number, oldest first."""
        found = Sms.select().where(Sms.recipient == normalize_number(query.to)).order_by(Sms.id)
        return {"messages": [{"to": sms.recipient, "text": sms.text} for sms in found]}

    @app.delete("/v1/messages", responses={200: EmptyAnswer})
    def delete(query: schemas.KeyQuery) -> dict[str, Any]:
        """Delete a message by its Idempotency-Key. Idempotent."""
        Sms.delete().where(Sms.key == query.key).execute()
        return {}

    return app


def normalize_number(number: str) -> str:
    """Remove separators from a telephone number."""
    return re.sub(r"[^0-9+]", "", number)
