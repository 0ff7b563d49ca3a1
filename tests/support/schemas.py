"""Reads the schema of a database, and compares two schemas for changes that break an older version."""

from __future__ import annotations

import re
from dataclasses import dataclass

import peewee

# table of the applied migrations
HISTORY = "schema_migration"
SQLITE_CHECK = re.compile(r"CHECK\s*\((.+?)\)", re.IGNORECASE)
POSTGRESQL_CHECKS = """
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass
"""


@dataclass(frozen=True)
class Column:
    type: str
    null: bool
    default: str | None


@dataclass(frozen=True)
class TableSchema:
    """One table.

    Attributes:
        indexes: (columns, whether unique) by name.
        constraints: checks and foreign keys.
    """

    columns: dict[str, Column]
    primary_key: tuple[str, ...]
    indexes: dict[str, tuple[tuple[str, ...], bool]]
    constraints: frozenset[str]


def read_schema(database: peewee.Database) -> dict[str, TableSchema]:
    """The tables of a database by name, without the table of its migrations."""
    with database.connection_context():
        return {name: _read_table(database, name) for name in database.get_tables() if name != HISTORY}


def _read_table(database: peewee.Database, name: str) -> TableSchema:
    columns = {each.name: Column(each.data_type, each.null, each.default) for each in database.get_columns(name)}
    indexes = {each.name: (tuple(each.columns), each.unique) for each in database.get_indexes(name)}
    keys = {
        f"{each.column} references {each.dest_table}.{each.dest_column}" for each in database.get_foreign_keys(name)
    }
    return TableSchema(
        columns, tuple(database.get_primary_keys(name)), indexes, frozenset(keys | _checks(database, name))
    )


def _checks(database: peewee.Database, table: str) -> set[str]:
    if isinstance(database, peewee.PostgresqlDatabase):
        return {check for (check,) in database.execute_sql(POSTGRESQL_CHECKS, [table])}
    [(created,)] = database.execute_sql("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", [table])
    return set(SQLITE_CHECK.findall(created))


def breaking_changes(before: dict[str, TableSchema], after: dict[str, TableSchema]) -> list[str]:
    """Changes of a schema that keep a version written for the earlier schema from reading or writing."""
    found = []
    for name, table in before.items():
        if name not in after:
            found.append(f"{name} is missing")
        else:
            found += [f"{name}.{change}" for change in _breaking_changes(table, after[name])]
    return found


def _breaking_changes(before: TableSchema, after: TableSchema) -> list[str]:
    added = {name: column for name, column in after.columns.items() if name not in before.columns}
    common = {name: after.columns[name] for name in before.columns if name in after.columns}
    unique = [columns for columns, is_unique in after.indexes.values() if is_unique]
    was_unique = [columns for columns, is_unique in before.indexes.values() if is_unique]
    return [
        *(f"{name} is missing" for name in before.columns if name not in common),
        *(f"{name} has another type" for name in common if common[name].type != before.columns[name].type),
        *(f"{name} may no longer be null" for name in common if before.columns[name].null and not common[name].null),
        *(f"{name} has no default" for name, column in added.items() if not column.null and column.default is None),
        *(f"{', '.join(columns)} must be unique" for columns in unique if columns not in was_unique),
        *(f"constraint {constraint}" for constraint in after.constraints - before.constraints),
    ]
