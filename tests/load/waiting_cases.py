"""Creates waiting cases: a hundred thousand are copied in the database from the rows of a few, with new ids.

The engine starts about 50 a second.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg2
from psycopg2.extensions import cursor as Cursor
from psycopg2.sql import SQL, Composable, Identifier, Literal

from config import settings as config
from processes.cases import new_reference, start_case
from processes.engine import Engine
from tests.support.case import WITH_COUGH, eventually

# columns with the id of the process instance to which a row belongs
INSTANCE_COLUMNS = ("proc_inst_id_", "process_instance_id_", "root_proc_inst_id_")
BYTES = "act_ge_bytearray"
# tables of the activities of cases
ACTIVITIES = ("act_ru_execution", "act_ru_task", "act_hi_procinst", "act_hi_actinst")
# columns with past times, which are shifted in the copies
TIMES = ("start_time_", "end_time_", "create_time_")


@dataclass(frozen=True)
class Row:
    """A row of one of the engine's tables, with all its values."""

    table: str
    values: dict[str, Any]


def create_waiting_cases(engine: Engine, database: str, first: int, last: int) -> None:
    """Create cases whose patients haven't answered whether they want to be evaluated, with the numbers first to last.

    Args:
        database: URL of the engine's database on PostgreSQL.
        first: greater than the numbers of the cases that already exist, because ids are derived from the number.
    """
    reference = new_reference()
    start_case(engine, reference, WITH_COUGH, config.load().policy.model_dump())
    eventually(lambda: engine.post("/task/count", {"processInstanceBusinessKey": reference})["count"])
    copy_case(engine, database, reference, first, last)


def copy_case(
    engine: Engine,
    database: str,
    reference: str,
    first: int,
    last: int,
    within: timedelta = timedelta(0),
    tables: Container[str] | None = None,
) -> None:
    """Copy a case with the process instances that it called, with the numbers first to last.

    Args:
        database: as that of create_waiting_cases(), like `first`.
        within: the copies began at times within this span before the original.
        tables: whose rows about what hasn't ended are copied; None: all rows.
    """
    found = engine.post("/history/process-instance", {"processInstanceBusinessKey": reference})
    connection = psycopg2.connect(database)
    with connection, connection.cursor() as cursor:
        rows = list(_rows_of(cursor, [instance["id"] for instance in found]))
        if tables:
            rows = [row for row in rows if row.table in tables and row.values.get("end_time_") is None]
        # without checks of foreign keys: rows are copied in any order, and at the end each reference exists
        cursor.execute("SET LOCAL session_replication_role = replica")
        prefixes = {row.values["id_"]: "I" for row in rows} | {reference: "R-"}
        print(f"{len(rows)} rows, {last - first + 1} times", flush=True)
        for row in rows:
            cursor.execute(_copy(row, prefixes, first, last, within))
    # as autovacuum does within a minute; VACUUM can't run in a transaction
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def _rows_of(cursor: Cursor, instances: list[str]) -> Iterator[Row]:
    """All rows of process instances."""
    referred: set[Any] = set()
    for table, column in _tables(cursor):
        for row in _select(cursor, table, column, instances):
            if row.table != BYTES:
                referred.add(row.values.get("bytearray_id_"))
                yield row
    yield from _select(cursor, BYTES, "id_", [each for each in referred if each])


def _tables(cursor: Cursor) -> list[tuple[str, str]]:
    """The engine's tables with rows of process instances, each with one of its INSTANCE_COLUMNS."""
    cursor.execute(
        "SELECT table_name, min(column_name) FROM information_schema.columns"
        " WHERE table_name LIKE 'act\\_%%' AND column_name = ANY(%s) GROUP BY table_name ORDER BY table_name DESC",
        [list(INSTANCE_COLUMNS)],
    )
    return cursor.fetchall()


def _select(cursor: Cursor, table: str, column: str, values: list[Any]) -> Iterator[Row]:
    query = SQL("SELECT * FROM {} WHERE {} = ANY(%s)").format(Identifier(table), Identifier(column))
    cursor.execute(query, [values])
    names = [each.name for each in cursor.description]
    yield from [Row(table, dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _copy(row: Row, prefixes: dict[str, str], first: int, last: int, within: timedelta) -> Composable:
    """The statement that copies a row for each number, with new ids, business keys and times.

    Args:
        prefixes: of the new values, by the ids and business keys to replace.
    """
    values = [_copied(name, value, prefixes, first, within / (last - first + 1)) for name, value in row.values.items()]
    return SQL(
        "INSERT INTO {table} SELECT {values} FROM {table} original, generate_series({first}, {last}) number"
        " WHERE original.id_ = {id}"
    ).format(
        table=Identifier(row.table),
        values=SQL(", ").join(values),
        first=Literal(first),
        last=Literal(last),
        id=Literal(row.values["id_"]),
    )


def _copied(name: str, value: Any, prefixes: dict[str, str], first: int, interval: timedelta) -> Composable:
    """The expression for a column's value in the copies; each begins an interval before the previous one."""
    if isinstance(value, str) and value in prefixes:
        return SQL("{} || md5({} || number)").format(Literal(prefixes[value]), Literal(value))
    column = Identifier("original", name)
    if name in TIMES and value is not None:
        return SQL("{} - (number - {}) * {}").format(column, Literal(first), Literal(interval))
    return column
