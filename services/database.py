"""A service's own database: its migrations, and its outages in words."""

from __future__ import annotations

from pathlib import Path

import peewee

from hosting.databases import DATABASE_ERRORS, is_authentication_error
from hosting.schema import Schema


def schema_of(database: peewee.Database, service: str) -> Schema:
    """The migrations of a service's database.

    Args:
        service: its folder: lab, government or sms.
    """
    return Schema(database, Path(__file__).with_name(service) / "migrations", f"python -m services upgrade {service}")


def describe_outage(error: BaseException, service: str) -> str:
    """Why a service's database can't be used, for operators; empty for an error that isn't the database's."""
    if not isinstance(error, DATABASE_ERRORS):
        return ""
    problem = "refuses the user or password" if is_authentication_error(error) else "can't be reached or written"
    return f"the database of {service}.database_url {problem}"
