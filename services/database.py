"""Database of a service: its migrations, and descriptions of its errors."""

from __future__ import annotations

from pathlib import Path

import peewee

from hosting.databases import DATABASE_ERRORS, is_authentication_error
from hosting.schema import Schema


def schema_of(database: peewee.Database, service: str) -> Schema:
    """Return the migrations of a service's database.

    Args:
        service: name of its folder: lab, government or sms.
    """
    return Schema(database, Path(__file__).with_name(service) / "migrations", f"python -m services upgrade {service}")


def describe_outage(error: BaseException, service: str) -> str:
    """Describe an error of a service's database for operators; returns an empty text for other errors."""
    if not isinstance(error, DATABASE_ERRORS):
        return ""
    problem = "refuses the user or password" if is_authentication_error(error) else "can't be reached or written"
    return f"the database of {service}.database_url {problem}"
