"""Databases of the services, in a file or on the tests' PostgreSQL server."""

from __future__ import annotations

import peewee

from hosting.databases import connect_to
from services.database import schema_of


def open_service(url: str, service: str) -> peewee.Database:
    """Open the database of the lab, the government or the SMS gateway, and apply its migrations."""
    opened = connect_to(url)
    schema_of(opened, service).upgrade()
    return opened
