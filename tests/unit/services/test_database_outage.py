"""During an outage of its database a service names the setting, in its answers and once a minute in its log."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import peewee
import pytest

from hosting.databases import connect_to
from services import http
from services.database import describe_outage, schema_of

REFUSED = 'connection to server failed: FATAL:  password authentication failed for user "coronacare"'


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (peewee.OperationalError(REFUSED), "the database of lab.database_url refuses the user or password"),
        (peewee.OperationalError("refused"), "the database of lab.database_url can't be reached or written"),
        (ValueError("Ada"), ""),
    ],
)
def test_the_reason_names_the_setting(error: Exception, message: str) -> None:
    assert describe_outage(error, "lab") == message


def test_answers_and_log_name_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    database = connect_to(f"sqlite:///{tmp_path}/lab.db")
    schema_of(database, "lab").upgrade()
    app = http.create_service("lab", "Laboratory", "", "key", database)
    database.close()

    def refuse(**options: Any) -> None:
        raise peewee.OperationalError(REFUSED)

    monkeypatch.setattr(database, "connect", refuse)
    now = [1000.0]
    monkeypatch.setattr(http.time, "monotonic", lambda: now[0])
    caplog.set_level(logging.WARNING)
    client = app.test_client()
    for _ in range(61):
        answer = client.get("/healthz")
        now[0] += 1
    assert answer.status_code == 503
    assert answer.json["message"] == "the database of lab.database_url refuses the user or password"
    assert [record.getMessage() for record in caplog.records] == [
        "the database of lab.database_url refuses the user or password (OperationalError)"
    ] * 2
