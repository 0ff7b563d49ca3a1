"""The platform's own database, "the records": SQLite by default, or PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import peewee

from hosting import databases
from hosting.schema import Schema

database = peewee.DatabaseProxy()
MIGRATIONS = Path(__file__).parent / "migrations"


class Table(peewee.Model):
    class Meta:
        database = database
        legacy_table_names = False
        # save() writes changed columns only, so it doesn't overwrite another process' changes of the others
        only_save_dirty = True


def open(url: str) -> None:
    """Connect all tables to the database at this URL.

    Args:
        url: sqlite:///relative/path, sqlite:////absolute/path or postgresql://user:password@host/name.

    Raises:
        SchemaMismatch: this version can't use the database.
    """
    database.initialize(connect_to(url))
    schema_of(database.obj).check()


def upgrade(url: str) -> list[str]:
    """Apply the pending migrations to the database at this URL, and return their names.

    Raises:
        UpgradeFailed: a migration failed; those before it stay applied.
    """
    return schema_of(connect_to(url)).upgrade()


def schema_of(connected: peewee.Database) -> Schema:
    return Schema(connected, MIGRATIONS, "python -m records upgrade")


def is_postgresql() -> bool:
    return isinstance(database.obj, peewee.PostgresqlDatabase)


def write_transaction() -> Any:
    """Return a transaction for read-modify-write; SQLite takes the write lock at its start (BEGIN IMMEDIATE)."""
    return database.atomic() if is_postgresql() else database.atomic("IMMEDIATE")


def read_transaction() -> Any:
    """Return a transaction that reads a snapshot: REPEATABLE READ on PostgreSQL; SQLite's WAL does so anyway."""
    return database.atomic("REPEATABLE READ") if is_postgresql() else database.atomic()


def truncate_journal() -> None:
    """Remove deleted rows from SQLite's write-ahead log."""
    databases.truncate_journal(database.obj)


def connect_to(url: str) -> peewee.Database:
    """Return the records' database at a URL; SQLite is set to enforce foreign keys, as PostgreSQL does."""
    return databases.connect_to(url, foreign_keys=1)
