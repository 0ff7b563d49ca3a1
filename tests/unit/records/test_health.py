"""A database that refuses a password, and one that is away, by a real PostgreSQL server: in words, in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg2
import pytest

from config.settings import ROOT, environment_name
from hosting.databases import DATABASE_ERRORS
from records import database, health
from tests.support.platform import without_settings
from tests.support.ports import free_port
from tests.support.postgresql import Server, postgresql

RIGHT = "u3TsfY0aQw8x" + "NnEr2Lbk"
SECRETS = ("engine", "password"), ("webapp", "secret_key"), ("records", "secret_key")
KEYS = tuple((part, "api_key") for part in ("lab", "government", "sms"))
REFUSED = "refuses the user or password"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that wants a password."""
    with postgresql() as server:
        with psycopg2.connect(server.url_of("records")) as connection, connection.cursor() as cursor:
            cursor.execute(f"ALTER USER coronacare PASSWORD '{RIGHT}'")
            cursor.execute("SHOW hba_file")
            [(path,)] = cursor.fetchall()
        connection.close()
        with open(path, "w") as file:
            file.write("host all all 127.0.0.1/32 scram-sha-256\n")
        server.stop()
        server.start()
        yield server


def url(server: Server, password: str, name: str = "records") -> str:
    return server.url_of(name).replace("coronacare@", f"coronacare:{password}@")


def started(command: list[str], database_url: str, part: str) -> subprocess.CompletedProcess[str]:
    own = {environment_name(*path): RIGHT for path in (*SECRETS, *KEYS, ("government", "archive_key"))}
    own[environment_name(part, "database_url")] = database_url
    environment = {**without_settings(os.environ), **own}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )


@pytest.mark.slow
@pytest.mark.parametrize("password", ["another", ""])
def test_a_wrong_password_is_named_as_that(server: Server, password: str) -> None:
    with pytest.raises(DATABASE_ERRORS) as raised:
        database.open(url(server, password))
    assert health.describe(raised.value) == "the database of records.database_url refuses the user or password"


def test_a_server_that_is_away_is_named_as_that() -> None:
    with pytest.raises(DATABASE_ERRORS) as raised:
        database.open(f"postgresql://coronacare@127.0.0.1:{free_port()}/records")
    said = "the database of records.database_url can't be reached or written (OperationalError)"
    assert health.describe(raised.value) == said


def test_an_error_of_another_kind_is_not_the_databases() -> None:
    assert health.describe(KeyError("Ada")) == ""


@pytest.mark.slow
@pytest.mark.parametrize("part", ["webapp", "lab", "government", "sms"])
def test_a_server_with_a_wrong_password_ends_with_one_line(server: Server, part: str) -> None:
    module, section = ("webapp.wsgi", "records") if part == "webapp" else (f"services.{part}.wsgi", part)
    command = ["gunicorn", "--bind", f"127.0.0.1:{free_port()}", "--no-control-socket", f"{module}:application"]
    done = started(command, url(server, "another", section), section)
    assert done.returncode == 3
    assert done.stderr.count(f"can't start: the database of {section}.database_url {REFUSED}") == 1
    assert "Traceback" not in done.stderr
    assert "another" not in done.stderr


@pytest.mark.slow
def test_workers_with_a_wrong_password_end_with_one_line(server: Server) -> None:
    done = started(["workers", "kpi"], url(server, "another"), "records")
    assert done.returncode == 3
    assert done.stderr.strip() == f"can't start: the database of records.database_url {REFUSED}"
