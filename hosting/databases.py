"""Connections to databases by URL, and classification of their errors: for the records and the services."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import peewee
from playhouse.db_url import connect

# raised when a database can't be reached or written
DATABASE_ERRORS = (peewee.OperationalError, peewee.InterfaceError)
POSTGRESQL = "postgresql://"
# PostgreSQL forks a process for each connection, so connections are pooled
POOL = {"max_connections": 32, "timeout": 10, "stale_timeout": 600}
# synchronous=full: a committed row is on disk; busy_timeout (ms): a second writer waits for the lock
SQLITE_PRAGMAS = {"journal_mode": "wal", "synchronous": "full", "secure_delete": 1, "busy_timeout": 10000}
# psycopg2 has no SQLSTATE for a refused connection, only libpq's message
REFUSALS = ("password authentication failed", "no password supplied", "no pg_hba.conf entry")


def connect_to(url: str, **pragmas: Any) -> peewee.Database:
    """Return a database for sqlite:///relative/path, sqlite:////absolute/path or postgresql://user:password@host/name.

    Creates the folder of an SQLite file; commits of SQLite survive a power failure.

    Args:
        pragmas: of SQLite, in addition to SQLITE_PRAGMAS.
    """
    if url.startswith(POSTGRESQL):
        return connect(url.replace(POSTGRESQL, "postgresql+pool://", 1), **POOL)
    if url.startswith("sqlite:///"):
        os.makedirs(os.path.dirname(os.path.abspath(urlsplit(url).path[1:])), exist_ok=True)
    return connect(url, pragmas=SQLITE_PRAGMAS | pragmas)


def is_authentication_error(error: BaseException) -> bool:
    """Whether the server refused the user or the password."""
    return any(refusal in str(error) for refusal in REFUSALS)


def truncate_journal(database: peewee.Database) -> None:
    """Truncate SQLite's write-ahead log, which contains deleted rows until then."""
    if isinstance(database, peewee.SqliteDatabase):
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
