"""Creates waiting cases, whose patients haven't answered whether they want to be evaluated.

The engine starts about 50 a second, so a hundred thousand are copied from the rows of one, with new ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Row:
    """A row of one of the engine's tables, with all its values."""

    table: str
    values: dict[str, Any]


def create_waiting_cases(engine: Engine, database: str, first: int, last: int) -> None:
    """Create waiting cases with the numbers first to last.

    Args:
        database: URL of the engine's database on PostgreSQL.
        first: greater than the numbers of the cases that already exist, because ids are derived from the number.
    """
    reference = new_reference()
    start_case(engine, reference, WITH_COUGH, config.load().policy.model_dump())
    eventually(lambda: engine.post("/task/count", {"processInstanceBusinessKey": reference})["count"])
    [instance] = engine.post("/process-instance", {"businessKey": reference})
    connection = psycopg2.connect(database)
    with connection, connection.cursor() as cursor:
        rows = list(_rows_of(cursor, instance["id"]))
        # without checks of foreign keys: rows are copied in any order, and at the end each reference exists
        cursor.execute("SET LOCAL session_replication_role = replica")
        prefixes = {row.values["id_"]: "I" for row in rows} | {reference: "R-"}
        for number, row in enumerate(rows, 1):
            print(f"row {number} of {len(rows)}, {last - first + 1} times", flush=True)
            cursor.execute(_copy(row, prefixes, first, last))
        cursor.execute("ANALYZE")
    connection.close()


def _rows_of(cursor: Cursor, instance: str) -> Iterator[Row]:
    """All rows of a process instance."""
    referred: set[Any] = set()
    for table, column in _tables(cursor):
        for row in _select(cursor, table, column, [instance]):
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


def _copy(row: Row, prefixes: dict[str, str], first: int, last: int) -> Composable:
    """The statement that copies a row for each number, with new ids and business keys.

    Args:
        prefixes: of the new values, by the ids and business keys to replace.
    """
    values = [
        SQL("{} || md5({} || number)").format(Literal(prefixes[value]), Literal(value))
        if isinstance(value, str) and value in prefixes
        else Identifier("original", name)
        for name, value in row.values.items()
    ]
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
