"""The records' database: SQLite by default, PostgreSQL by URL. What the platform keeps itself lives here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import peewee
from playhouse.db_url import connect

from records.schema import Schema

database = peewee.DatabaseProxy()
# what is raised when it can't be reached, or can't write
AWAY = (peewee.OperationalError, peewee.InterfaceError)
POSTGRESQL = "postgresql://"
# PostgreSQL starts a process for each connection: they are kept, and looked at before they are used again
POOL = {"max_connections": 32, "timeout": 10, "stale_timeout": 600}
MIGRATIONS = Path(__file__).parent / "migrations"

SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "secure_delete": 1,
    "foreign_keys": 1,
    "busy_timeout": 10000,
}


class Table(peewee.Model):
    class Meta:
        database = database
        legacy_table_names = False
        # saving a row leaves what another process has changed of it since it was read
        only_save_dirty = True


def open(url: str) -> None:
    """Connect all tables to the database at this URL.

    Args:
        url: sqlite:///relative/path, sqlite:////absolute/path or postgresql://user:password@host/name.

    Raises:
        SchemaMismatch: this version can't work with the database as it is.
    """
    database.initialize(connect_to(url))
    schema_of(database.obj).check()


def upgrade(url: str) -> list[str]:
    """Apply the pending migrations to the database at this URL, and return their names.

    Raises:
        UpgradeFailed: those before it stay applied.
    """
    return schema_of(connect_to(url)).upgrade()


def schema_of(connected: peewee.Database) -> Schema:
    return Schema(connected, MIGRATIONS, "python -m records upgrade")


def is_postgresql() -> bool:
    return isinstance(database.obj, peewee.PostgresqlDatabase)


def writing() -> Any:
    """A transaction that writes what depends on what it read: on SQLite it waits for its turn as it begins."""
    return database.atomic() if is_postgresql() else database.atomic("IMMEDIATE")


def reading() -> Any:
    """A transaction that sees everything as it was at its beginning, whatever others write meanwhile."""
    return database.atomic("REPEATABLE READ") if is_postgresql() else database.atomic()


def empty_journal() -> None:
    """Have what was deleted leave the disk: SQLite's journal has it until it begins anew, and while somebody reads."""
    if not is_postgresql():
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def connect_to(url: str) -> peewee.Database:
    """A database at a URL; the folder of an SQLite file is made, and its writes are safe when power fails."""
    if url.startswith(POSTGRESQL):
        return connect(url.replace(POSTGRESQL, "postgresql+pool://", 1), **POOL)
    if url.startswith("sqlite:///"):
        os.makedirs(os.path.dirname(os.path.abspath(urlsplit(url).path[1:])), exist_ok=True)
    return connect(url, pragmas=SQLITE_PRAGMAS)
