"""Connections to a database by URL, and what their errors mean: for the records and for each service alike."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import peewee
from playhouse.db_url import connect

# what is raised when a database can't be reached, or can't write
AWAY = (peewee.OperationalError, peewee.InterfaceError)
POSTGRESQL = "postgresql://"
# PostgreSQL starts a process for each connection: they are kept, and looked at before they are used again
POOL = {"max_connections": 32, "timeout": 10, "stale_timeout": 600}
# a written row is on disk; a second writer waits
SQLITE_PRAGMAS = {"journal_mode": "wal", "synchronous": "full", "secure_delete": 1, "busy_timeout": 10000}
# libpq has no SQLSTATE for a connection that the server refuses, only its text
REFUSALS = ("password authentication failed", "no password supplied", "no pg_hba.conf entry")


def connect_to(url: str, **pragmas: Any) -> peewee.Database:
    """A database at sqlite:///relative/path, sqlite:////absolute/path or postgresql://user:password@host/name.

    The folder of an SQLite file is made, and its writes are safe when power fails.

    Args:
        pragmas: of SQLite, beside SQLITE_PRAGMAS.
    """
    if url.startswith(POSTGRESQL):
        return connect(url.replace(POSTGRESQL, "postgresql+pool://", 1), **POOL)
    if url.startswith("sqlite:///"):
        os.makedirs(os.path.dirname(os.path.abspath(urlsplit(url).path[1:])), exist_ok=True)
    return connect(url, pragmas=SQLITE_PRAGMAS | pragmas)


def is_refused(error: BaseException) -> bool:
    """Whether the server refuses the user or the password."""
    return any(refusal in str(error) for refusal in REFUSALS)


def empty_journal(database: peewee.Database) -> None:
    """Have what was deleted leave the disk: SQLite's journal has it until it is truncated."""
    if isinstance(database, peewee.SqliteDatabase):
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
