"""The records' database: SQLite by default, PostgreSQL by URL. What the platform keeps itself lives here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any
from urllib.parse import urlsplit

import peewee
from playhouse.db_url import connect
from playhouse.migrate import SchemaMigrator, migrate

database = peewee.DatabaseProxy()
# what is raised when it can't be reached, or can't write
AWAY = (peewee.OperationalError, peewee.InterfaceError)
POSTGRESQL = "postgresql://"
# PostgreSQL starts a process for each connection: they are kept, and looked at before they are used again
POOL = {"max_connections": 32, "timeout": 10, "stale_timeout": 600}
# any number that no other program locks in this database
CREATING = 20200311

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
    """Connect all tables to the database at this URL; they are created, or brought to what this version has.

    Args:
        url: sqlite:///relative/path, sqlite:////absolute/path or postgresql://user:password@host/name.
    """
    # the modules that declare tables
    from records import (
        access,
        attempts,
        claims,
        drafts,
        erasures,
        forms,
        kpis,
        outbox,
        roster,
        sessions,
        submissions,
        tallies,
    )

    database.initialize(connect_to(url))
    with database.connection_context(), _one_at_a_time():
        tables = [
            access.CaseAccess,
            access.Link,
            attempts.Attempt,
            claims.Claim,
            drafts.Draft,
            erasures.Erasure,
            forms.DeployedForm,
            kpis.CaseRow,
            outbox.Message,
            roster.Duty,
            sessions.Session,
            submissions.Submission,
            tallies.Tally,
            tallies.InventedTally,
        ]
        for table in tables:
            _have_just_its_columns(table)
        database.create_tables(tables, safe=True)


def _have_just_its_columns(table: type[Table]) -> None:
    """Add the columns that a table of an older version lacks, and drop those that nobody fills in any more."""
    name = table._meta.table_name
    if not database.table_exists(name):
        return
    there = {column.name for column in database.get_columns(name)}
    fields = {field.column_name: field for field in table._meta.sorted_fields}
    migrator = SchemaMigrator.from_database(database.obj)
    # its index is created with those of the table
    added = [migrator.add_column(name, each, _without_index(fields[each])) for each in fields.keys() - there]
    migrate(*added, *(migrator.drop_column(name, each) for each in there - fields.keys()))


def _without_index(field: peewee.Field) -> peewee.Field:
    column = copy(field)
    column.index = False
    return column


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


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Have other processes wait, which may look for what is missing as well."""
    with writing():
        if is_postgresql():
            database.execute_sql("SELECT pg_advisory_xact_lock(%s)", [CREATING])
        yield


def connect_to(url: str) -> peewee.Database:
    """A database at a URL; the folder of an SQLite file is made, and its writes are safe when power fails."""
    if url.startswith(POSTGRESQL):
        return connect(url.replace(POSTGRESQL, "postgresql+pool://", 1), **POOL)
    if url.startswith("sqlite:///"):
        os.makedirs(os.path.dirname(os.path.abspath(urlsplit(url).path[1:])), exist_ok=True)
    return connect(url, pragmas=SQLITE_PRAGMAS)
