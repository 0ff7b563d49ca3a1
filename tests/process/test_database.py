"""PostgreSQL: our indexes of the engine's tables, and a repeated request during a lock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from camunda7.engine import EngineUnavailable
from processes.cases import start_case
from processes.engine import Engine
from tests.faults.patients import count_starts
from tests.support.case import WITH_COUGH, CaseUnderTest
from tests.support.postgresql import engine_url

pytestmark = pytest.mark.engine


@pytest.fixture
def engine_database(state: dict[str, Any]) -> Iterator[Connection]:
    connection = psycopg2.connect(engine_url())
    yield connection
    connection.close()


def test_the_engines_tables_have_our_indexes(
    engine_database: Connection,
) -> None:
    with engine_database, engine_database.cursor() as cursor:
        ours = "indexname LIKE 'coronacare%' AND tablename LIKE 'act%'"
        cursor.execute(f"SELECT tablename, indexdef FROM pg_indexes WHERE {ours}")
        found = {table: definition.partition("USING btree ")[2] for table, definition in cursor.fetchall()}
        cursor.execute("SELECT version_ FROM coronacare_schema ORDER BY version_")
        versions = [version for (version,) in cursor.fetchall()]
    assert found == {
        "act_ru_job": "(duedate_)",
        "act_ru_task": "(parent_task_id_)",
        "act_hi_actinst": "(act_id_, end_time_, start_time_)",
    }
    assert versions == [1, 2, 3, 4]


def test_deleting_an_execution_checks_each_foreign_key_once(engine_database: Connection) -> None:
    with engine_database, engine_database.cursor() as cursor:
        cursor.execute(
            "SELECT confdeltype, count(*) FROM pg_constraint"
            " WHERE contype = 'f' AND confrelid = 'act_ru_execution'::regclass GROUP BY confdeltype"
        )
        found = dict(cursor.fetchall())
    # RESTRICT, not NO ACTION ("a")
    assert found == {"r": 11}


@pytest.mark.serial
def test_a_request_that_hangs_in_the_database_and_is_repeated_takes_effect_once(
    state: dict[str, Any], engine_database: Connection
) -> None:
    # given a table that is locked against writes, and a client with a short timeout
    case, account = CaseUnderTest(state), state["accounts"]["admin"]
    impatient = Engine(state["engine"], account["username"], account["password"], timeout_s=2)
    with engine_database, engine_database.cursor() as cursor:
        cursor.execute("LOCK TABLE act_ru_execution IN EXCLUSIVE MODE")
        # when the client starts a case, and repeats the request after its timeout
        for _ in range(2):
            with pytest.raises(EngineUnavailable):
                start_case(impatient, case.reference, WITH_COUGH, case.policy)
    # then the case is started once
    case.wait_for_task("evaluation_request")
    start_case(impatient, case.reference, WITH_COUGH, case.policy)
    assert count_starts(case.admin, [case.reference]) == [1]
