"""An SMS gateway's HTTP API, for demonstration and tests: it keeps what it would send."""

from __future__ import annotations

import re
from typing import Any

import peewee
from flask_openapi3 import OpenAPI

from services.http import KEY_REUSED, Effects, Problem, create_service, refusal
from services.schemas import Idempotent, Nothing
from services.sms import schemas
from services.sms.models import Sms

NUMBER = re.compile(r"\+?[0-9]{5,20}")
# numbers that no network knows begin so here; the second are reserved for invented ones (Ofcom)
UNKNOWN = ("000", "4477009009")


def create_app(database: peewee.Database, api_key: str) -> OpenAPI:
    """The gateway's application."""
    app = create_service("sms", "SMS gateway", "Sends short messages; this one only keeps them.", api_key, database)
    effects = Effects(database)
    database.bind([Sms])

    @app.post(
        "/v1/messages",
        responses={201: schemas.MessageAnswer, 409: KEY_REUSED, 422: refusal("unknown_number: no network knows it")},
    )
    @effects.once
    def send(header: Idempotent, body: schemas.Message) -> tuple[dict[str, Any], int]:
        """Send a message."""
        number = normal(body.to)
        if not NUMBER.fullmatch(number) or number.lstrip("+").startswith(UNKNOWN):
            raise Problem(422, "unknown_number", "no network knows this number")
        sms = Sms.create(key=header.key, recipient=number, text=body.text)
        return {"message_id": str(sms.id)}, 201

    @app.get("/v1/messages", responses={200: schemas.SentAnswer})
    def sent(query: schemas.SentQuery) -> dict[str, Any]:
        """What was sent to a number, oldest first."""
        found = Sms.select().where(Sms.recipient == normal(query.to)).order_by(Sms.id)
        return {"messages": [{"to": sms.recipient, "text": sms.text} for sms in found]}

    @app.delete("/v1/messages", responses={200: Nothing})
    def delete(query: schemas.KeyQuery) -> dict[str, Any]:
        """Forget a message by the key under which it was sent. May be asked for again."""
        Sms.delete().where(Sms.key == query.key).execute()
        return {}

    return app


def normal(number: str) -> str:
    """A telephone number without what people put between its digits."""
    return re.sub(r"[^0-9+]", "", number)
