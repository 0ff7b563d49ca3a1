"""Cases that rest: patients who were asked whether they want to be evaluated, and haven't answered.

The engine starts some 50 a second. A hundred thousand are copies of one that it has started, by row, with other ids.
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

# whose columns say to which case a row belongs
BELONGS = ("proc_inst_id_", "process_instance_id_", "root_proc_inst_id_")
BYTES = "act_ge_bytearray"


@dataclass(frozen=True)
class Row:
    """A row of the engine's tables, of which all values are known."""

    table: str
    values: dict[str, Any]


def rest(engine: Engine, database: str, first: int, last: int) -> None:
    """Have cases first to last rest; the numbers of those that do already are less.

    Args:
        database: URL of the engine's database on PostgreSQL.
    """
    reference = new_reference()
    start_case(engine, reference, WITH_COUGH, config.load().policy.model_dump())
    eventually(lambda: engine.post("/task/count", {"processInstanceBusinessKey": reference})["count"])
    [instance] = engine.post("/process-instance", {"businessKey": reference})
    connection = psycopg2.connect(database)
    with connection, connection.cursor() as cursor:
        rows = list(_rows_of(cursor, instance["id"]))
        # rows come in any order; in the end each has what it refers to
        cursor.execute("SET LOCAL session_replication_role = replica")
        others = {row.values["id_"]: "I" for row in rows} | {reference: "R-"}
        for number, row in enumerate(rows, 1):
            print(f"row {number} of {len(rows)}, {last - first + 1} times", flush=True)
            cursor.execute(_copy(row, others, first, last))
        cursor.execute("ANALYZE")
    connection.close()


def _rows_of(cursor: Cursor, instance: str) -> Iterator[Row]:
    """All that the engine knows of a process instance."""
    referred: set[Any] = set()
    for table, column in _tables(cursor):
        for row in _select(cursor, table, column, [instance]):
            if row.table != BYTES:
                referred.add(row.values.get("bytearray_id_"))
                yield row
    yield from _select(cursor, BYTES, "id_", [each for each in referred if each])


def _tables(cursor: Cursor) -> list[tuple[str, str]]:
    """Each of the engine's tables that has rows of cases, once, and the column that tells of which."""
    cursor.execute(
        "SELECT table_name, min(column_name) FROM information_schema.columns"
        " WHERE table_name LIKE 'act\\_%%' AND column_name = ANY(%s) GROUP BY table_name ORDER BY table_name DESC",
        [list(BELONGS)],
    )
    return cursor.fetchall()


def _select(cursor: Cursor, table: str, column: str, values: list[Any]) -> Iterator[Row]:
    query = SQL("SELECT * FROM {} WHERE {} = ANY(%s)").format(Identifier(table), Identifier(column))
    cursor.execute(query, [values])
    names = [each.name for each in cursor.description]
    yield from [Row(table, dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _copy(row: Row, others: dict[str, str], first: int, last: int) -> Composable:
    """Write it once more for each number, with ids and business keys of its own."""
    values = [
        SQL("{} || md5({} || number)").format(Literal(others[value]), Literal(value))
        if isinstance(value, str) and value in others
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
