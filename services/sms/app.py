"""An SMS gateway's HTTP API, for demonstration and tests: it keeps what it would send. Described in openapi.yaml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import peewee
from flask import Flask, request

from services.http import Effects, Problem, body_with, create_service
from services.sms.models import Sms

NUMBER = re.compile(r"\+?[0-9]{5,20}")
# numbers that no network knows begin so here; the second are reserved for invented ones (Ofcom)
UNKNOWN = ("000", "4477009009")


def create_app(database: peewee.Database, api_key: str) -> Flask:
    """The gateway's application."""
    app = create_service("sms", api_key, Path(__file__).with_name("openapi.yaml"), database)
    effects = Effects(database)
    database.bind([Sms])

    @app.post("/v1/messages")
    @effects.once
    def send() -> tuple[dict[str, Any], int]:
        body = body_with(to=str, text=str)
        number = normal(body["to"])
        if not NUMBER.fullmatch(number) or number.lstrip("+").startswith(UNKNOWN):
            raise Problem(422, "unknown_number", "no network knows this number")
        sms = Sms.create(key=request.headers["Idempotency-Key"], recipient=number, text=body["text"])
        return {"message_id": str(sms.id)}, 201

    @app.get("/v1/messages")
    def sent() -> dict[str, Any]:
        found = Sms.select().where(Sms.recipient == normal(request.args.get("to", ""))).order_by(Sms.id)
        return {"messages": [{"to": sms.recipient, "text": sms.text} for sms in found]}

    @app.delete("/v1/messages")
    def delete() -> dict[str, Any]:
        """Forget a message by the key under which it was sent. May be asked for again."""
        Sms.delete().where(Sms.key == request.args.get("key", "")).execute()
        return {}

    return app


def normal(number: str) -> str:
    """A telephone number without what people put between its digits."""
    return re.sub(r"[^0-9+]", "", number)
