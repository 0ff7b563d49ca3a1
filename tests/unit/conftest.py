"""Unit tests touch nothing outside; databases are files of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from records import database


@pytest.fixture
def records(tmp_path: Path) -> Iterator[None]:
    """Empty records."""
    database.open(f"sqlite:///{tmp_path}/records.db")
    with database.database.connection_context():
        yield
    database.database.close()
