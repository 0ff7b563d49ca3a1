"""The laboratory's HTTP application: APIs for our workers, for laboratories, for staff's tasks, and the simulation."""

from __future__ import annotations

from collections.abc import Mapping

import peewee
from flask_openapi3 import OpenAPI

from services.http import IdempotencyKeys, RawBodies, create_service
from services.lab.gateway.inbox import Inbox
from services.lab.gateway.inbox_api import add_inbox_routes
from services.lab.gateway.messages_api import PATH, add_message_routes
from services.lab.models import MODELS, Stock
from services.lab.platform_api import add_platform_routes
from services.lab.simulation_api import add_simulation_routes


def create_app(
    database: peewee.Database,
    api_key: str,
    initial_kits: int,
    inbox: Inbox | None = None,
    laboratory_keys: Mapping[str, str] | None = None,
) -> OpenAPI:
    """Create the lab's application.

    Args:
        initial_kits: stock of a new database.
        laboratory_keys: keys with which laboratories may send messages only, by their names.
    """
    inbox = inbox or Inbox(database)
    # one byte more than permitted, because Werkzeug truncates what is sent in chunks: the inbox refuses it
    raw = RawBodies(PATH, inbox.max_bytes + 1, laboratory_keys or {})
    app = create_service("lab", "Laboratory", "Test kits, tests and their results.", api_key, database, raw)
    idempotency = IdempotencyKeys(database)
    _set_up(database, initial_kits)
    add_platform_routes(app, database, inbox, idempotency)
    add_message_routes(app, inbox)
    add_inbox_routes(app, idempotency)
    add_simulation_routes(app, idempotency)
    return app


def _set_up(database: peewee.Database, initial_kits: int) -> None:
    database.bind(MODELS)
    with database.connection_context(), database.atomic():
        if not Stock.select().exists():
            Stock.create(kits=initial_kits)
