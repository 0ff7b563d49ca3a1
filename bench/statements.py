"""SQL statements that the engine executes for cases, counted by PostgreSQL: they don't depend on the machine.

The server must preload pg_stat_statements (tests/support/postgresql.py).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import psycopg2

# polls of job executor and workers, queries of the REST API, sign-in, authorization: their number depends on time
IRREGULAR = re.compile(
    r"\bRES\b(?! LEFT JOIN ACT_RU_EXECUTION EXECUTION)|ACT_ID_|ACT_RU_METER_LOG"
    r"|FROM ACT_RU_AUTHORIZATION|select \* from ACT_RU_AUTHORIZATION"
)
TABLE = re.compile(r'(?:from|into|update)\s+(?:only\s+)?(?:"?\w+"?\.)?"?(\w+)', re.IGNORECASE)
FOREIGN_KEY = "foreign keys"


def reset(url: str) -> None:
    """Forget all statements so far, and count from now on also those of triggers, which check foreign keys."""
    _query(
        url,
        "CREATE EXTENSION IF NOT EXISTS pg_stat_statements",
        "ALTER SYSTEM SET pg_stat_statements.track = 'all'",
        "ALTER SYSTEM SET pg_stat_statements.track_planning = 'on'",
        "SELECT pg_reload_conf()",
        "SELECT pg_stat_statements_reset()",
    )


def count(url: str) -> Counter[str]:
    """Return the number of regular statements since reset(), by verb and table, such as "insert ACT_RU_JOB"."""
    rows = _query(
        url,
        "SELECT query, calls FROM pg_stat_statements"
        " WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    counted: Counter[str] = Counter()
    for query, calls in rows:
        if (kind := kind_of(query)) is not None:
            counted[kind] += calls
    return counted


def measure_planned_share(url: str) -> float:
    """Return the share of the statements executed since reset() for which the server had no plan yet."""
    [(plans, calls)] = _query(
        url,
        "SELECT sum(plans), sum(calls) FROM pg_stat_statements"
        " WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    return float(plans / calls)


def kind_of(query: str) -> str | None:
    """Return the verb and the table of a regular statement, FOREIGN_KEY for the check of one, or None."""
    text = " ".join(query.split())
    if "FROM ONLY" in text:
        return FOREIGN_KEY
    verb = text.partition(" ")[0].lower()
    table = TABLE.search(text)
    if verb not in ("select", "insert", "update", "delete") or table is None or IRREGULAR.search(text):
        return None
    name = table[1].upper()
    return f"{verb} {name}" if name.startswith(("ACT_", "CORONACARE_")) else None


def _query(url: str, *commands: str) -> list[tuple[Any, ...]]:
    """Execute commands one after another; returns the rows of the last."""
    connection = psycopg2.connect(url)
    # ALTER SYSTEM can't run in a transaction
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for command in commands:
                cursor.execute(command)
            return cursor.fetchall()
    finally:
        connection.close()
