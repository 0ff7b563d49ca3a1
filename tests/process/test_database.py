"""What the parts need of PostgreSQL: indexes, and requests that take effect once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from camunda7.engine import EngineUnavailable
from config.settings import environment_name
from processes.cases import start_case
from processes.engine import Engine
from tests.faults.patients import starts_of
from tests.support.case import WITH_COUGH, CaseUnderTest

pytestmark = pytest.mark.engine


@pytest.fixture
def engine_database(state: dict[str, Any]) -> Iterator[Connection]:
    """A connection to the engine's database."""
    url = os.environ[environment_name("engine", "database_url")].removeprefix("jdbc:")
    connection = psycopg2.connect(url, user=os.environ[environment_name("engine", "database_username")])
    yield connection
    connection.close()


def test_of_what_waits_the_database_finds_what_is_due_without_going_through_all(
    engine_database: Connection,
) -> None:
    with engine_database, engine_database.cursor() as cursor:
        ours = "indexname LIKE 'coronacare%' AND tablename LIKE 'act%'"
        cursor.execute(f"SELECT tablename, indexdef FROM pg_indexes WHERE {ours}")
        found = {table: definition.rpartition(" ")[2] for table, definition in cursor.fetchall()}
        cursor.execute("SELECT version_ FROM coronacare_schema ORDER BY version_")
        versions = [version for (version,) in cursor.fetchall()]
    assert found == {"act_ru_job": "(duedate_)", "act_ru_task": "(parent_task_id_)"}
    assert versions == [1, 2, 3]


@pytest.mark.serial
def test_a_request_that_hangs_in_the_database_and_is_repeated_takes_effect_once(
    state: dict[str, Any], engine_database: Connection
) -> None:
    # given a database that lets nobody write for a while, and somebody who doesn't wait for so long
    patient, who = CaseUnderTest(state), state["accounts"]["admin"]
    impatient = Engine(state["engine"], who["username"], who["password"], timeout_s=2)
    with engine_database, engine_database.cursor() as cursor:
        cursor.execute("LOCK TABLE act_ru_execution IN EXCLUSIVE MODE")
        # when they start a case, and again as there is no answer
        for _ in range(2):
            with pytest.raises(EngineUnavailable):
                start_case(impatient, patient.reference, WITH_COUGH, patient.policy)
    # then it begins once
    patient.waits_for("evaluation_request")
    start_case(impatient, patient.reference, WITH_COUGH, patient.policy)
    assert starts_of(patient.admin, [patient.reference]) == [1]
