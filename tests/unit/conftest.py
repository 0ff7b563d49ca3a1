"""Fixtures of the unit tests: a database file per test, and a local SMTP server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from records import database
from tests.support.smtp import Inbox, smtp_server


@pytest.fixture(scope="session")
def migrated_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty records database to copy: applying all migrations takes longer than most tests."""
    path = tmp_path_factory.mktemp("records") / "records.db"
    database.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def records_url(migrated_records: Path, tmp_path: Path) -> str:
    """The URL of an empty records database."""
    return f"sqlite:///{shutil.copy(migrated_records, tmp_path / 'records.db')}"


@pytest.fixture
def records(records_url: str) -> Iterator[None]:
    """An open, empty records database."""
    database.open(records_url)
    with database.database.connection_context():
        yield
    database.database.close()


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    """The inbox and the port of a local SMTP server."""
    with smtp_server() as server:
        yield server
