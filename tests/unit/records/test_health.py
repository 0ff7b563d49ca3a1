"""One-line messages about a database that refuses the password or is unreachable, with a real PostgreSQL server."""

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
    """A server that requires a password."""
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


def run_part(command: list[str], database_url: str, part: str) -> subprocess.CompletedProcess[str]:
    settings = {environment_name(*path): RIGHT for path in (*SECRETS, *KEYS, ("government", "archive_key"))}
    settings[environment_name(part, "database_url")] = database_url
    environment = {**without_settings(os.environ), **settings}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )


@pytest.mark.slow
@pytest.mark.parametrize("password", ["another", ""])
def test_a_wrong_password_is_described(server: Server, password: str) -> None:
    with pytest.raises(DATABASE_ERRORS) as raised:
        database.open(url(server, password))
    assert health.describe(raised.value) == "the database of records.database_url refuses the user or password"


def test_an_unreachable_server_is_described() -> None:
    with pytest.raises(DATABASE_ERRORS) as raised:
        database.open(f"postgresql://coronacare@127.0.0.1:{free_port()}/records")
    message = "the database of records.database_url can't be reached or written (OperationalError)"
    assert health.describe(raised.value) == message


def test_another_error_is_not_described_as_one_of_the_database() -> None:
    assert health.describe(KeyError("Ada")) == ""


@pytest.mark.slow
@pytest.mark.parametrize("part", ["webapp", "lab", "government", "sms"])
def test_gunicorn_with_a_wrong_password_ends_with_one_line(server: Server, part: str) -> None:
    module, section = ("webapp.wsgi", "records") if part == "webapp" else (f"services.{part}.wsgi", part)
    command = ["gunicorn", "--bind", f"127.0.0.1:{free_port()}", "--no-control-socket", f"{module}:application"]
    process = run_part(command, url(server, "another", section), section)
    assert process.returncode == 3
    assert process.stderr.count(f"can't start: the database of {section}.database_url {REFUSED}") == 1
    assert "Traceback" not in process.stderr
    assert "another" not in process.stderr


@pytest.mark.slow
def test_workers_with_a_wrong_password_end_with_one_line(server: Server) -> None:
    process = run_part(["workers", "kpi"], url(server, "another"), "records")
    assert process.returncode == 3
    assert process.stderr.strip() == f"can't start: the database of records.database_url {REFUSED}"
