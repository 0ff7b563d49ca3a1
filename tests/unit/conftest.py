"""Unit tests touch nothing outside; databases are files of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from records import database
from tests.support.databases import open_records
from tests.support.smtp import Inbox, smtp_server


@pytest.fixture
def records(tmp_path: Path) -> Iterator[None]:
    """Empty records."""
    open_records(f"sqlite:///{tmp_path}/records.db")
    with database.database.connection_context():
        yield
    database.database.close()


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    """A real SMTP server: what it got, and its port."""
    with smtp_server() as server:
        yield server
