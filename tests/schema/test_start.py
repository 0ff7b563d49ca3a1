"""A process that starts on an older database names the command to run, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from access.people import load_people
from config import settings as config
from config.settings import environment_name
from hosting.databases import connect_to
from stack import secrets
from stack.parts import WITH_DATABASE, WITH_RECORDS, Part, list_local_parts
from stack.supervisor import PartFailed, Supervisor
from tests.support.platform import isolated_environment
from tests.support.schemas import read_schema

REFUSAL = {
    **dict.fromkeys((*WITH_DATABASE, "webapp"), "its database is older than this version: run `make upgrade`"),
    "workers": "the database is older than this version and lacks 0001_baseline",
}


@pytest.fixture
def urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """URLs of the databases in the settings; each database has one table of an earlier version."""
    urls = {name: f"sqlite:///{tmp_path}/{name}.db" for name in ("records", *WITH_DATABASE)}
    for name, value in isolated_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    for name, url in urls.items():
        monkeypatch.setenv(environment_name(name, "database_url"), url)
        database = connect_to(url)
        with database.connection_context():
            database.execute_sql("CREATE TABLE message (id INTEGER NOT NULL PRIMARY KEY, of_old TEXT NOT NULL)")
    return urls


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path / "log", print, lambda processes: None)
    yield supervisor
    supervisor.stop()


def parts(folder: Path) -> list[Part]:
    """The parts with a database."""
    settings = config.load()
    passwords = secrets.load_or_generate(folder / "secrets.json", load_people(settings.people).accounts)
    return [
        part for part in list_local_parts(settings, passwords, folder) if part.name in (*WITH_DATABASE, *WITH_RECORDS)
    ]


def test_each_part_refuses_an_older_database(urls: dict[str, str], supervisor: Supervisor, tmp_path: Path) -> None:
    starting = parts(tmp_path)
    supervisor.launch(starting)
    messages = {}
    for part in starting:
        with pytest.raises(PartFailed) as failure:
            supervisor.wait_until_ready([part])
        messages[part.name] = str(failure.value)
    assert {name: REFUSAL[name] in text for name, text in messages.items()} == dict.fromkeys(REFUSAL, True), messages
    for url in urls.values():
        assert {name: set(table.columns) for name, table in read_schema(connect_to(url)).items()} == {
            "message": {"id", "of_old"}
        }
