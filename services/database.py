"""Opens a server's own database by URL."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import peewee
from playhouse.db_url import connect

from services.schema import Schema

# what is raised when a database can't be reached, or can't write
AWAY = (peewee.OperationalError, peewee.InterfaceError)
# libpq has no SQLSTATE for a connection that the server refuses, only its text
REFUSALS = ("password authentication failed", "no password supplied", "no pg_hba.conf entry")
POSTGRESQL = "postgresql://"
# PostgreSQL starts a process for each connection: they are kept, and looked at before they are used again
POOL = {"max_connections": 32, "timeout": 10, "stale_timeout": 600}
# an answered request is on disk; a second writer waits
SQLITE_PRAGMAS = {"journal_mode": "wal", "synchronous": "full", "secure_delete": 1, "busy_timeout": 10000}


def open_database(url: str) -> peewee.Database:
    """A database at sqlite:///relative/path, sqlite:////absolute/path or postgresql://user:password@host/name."""
    if url.startswith(POSTGRESQL):
        return connect(url.replace(POSTGRESQL, "postgresql+pool://", 1), **POOL)
    if url.startswith("sqlite:///"):
        os.makedirs(os.path.dirname(os.path.abspath(urlsplit(url).path[1:])), exist_ok=True)
    return connect(url, pragmas=SQLITE_PRAGMAS)


def schema_of(database: peewee.Database, service: str) -> Schema:
    """The migrations of a service's database.

    Args:
        service: its folder: lab, government or sms.
    """
    return Schema(database, Path(__file__).with_name(service) / "migrations", f"python -m services upgrade {service}")


def describe_outage(error: BaseException, service: str) -> str:
    """Why a service's database can't be used, for operators; empty for an error that isn't the database's."""
    if not isinstance(error, AWAY):
        return ""
    is_refused = any(refusal in str(error) for refusal in REFUSALS)
    problem = "refuses the user or password" if is_refused else "can't be reached or written"
    return f"the database of {service}.database_url {problem}"


def empty_journal(database: peewee.Database) -> None:
    """Have what was deleted leave the disk: SQLite's journal has it until it begins anew, and while somebody reads."""
    if isinstance(database, peewee.SqliteDatabase):
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
