"""Databases with the tables that the platform's parts need, each in a file or on a server of the tests."""

from __future__ import annotations

import peewee

from hosting.databases import connect_to
from services.database import schema_of


def open_service(url: str, service: str) -> peewee.Database:
    """The database of the lab, the government or the SMS gateway, after applying its migrations."""
    opened = connect_to(url)
    schema_of(opened, service).upgrade()
    return opened
