"""The records' database: SQLite by default, PostgreSQL by URL. What the platform keeps itself lives here."""

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
    """Have what was deleted leave the disk."""
    databases.empty_journal(database.obj)


def connect_to(url: str) -> peewee.Database:
    """The records' database at a URL; on SQLite it enforces foreign keys, as PostgreSQL does."""
    return databases.connect_to(url, foreign_keys=1)
