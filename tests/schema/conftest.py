"""Empty databases on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.support.postgresql import DATABASES, Server, postgresql


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database."""
    return request.param


@pytest.fixture
def new_url(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[], str]:
    """A function that empties a further database, and returns its URL."""
    names = iter(DATABASES)

    def create() -> str:
        name = next(names)
        if kind == "sqlite":
            return f"sqlite:///{tmp_path}/{name}.db"
        server: Server = request.getfixturevalue("server")
        with closing(psycopg2.connect(server.url_of(name))) as connection, connection, connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        return server.url_of(name)

    return create


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    return new_url()
