"""Lets a test look at what the records and the lab keep."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from config.settings import environment_name
from records import database
from services.database import open_database
from services.lab.models import MODELS


@pytest.fixture
def records(state: dict[str, Any]) -> Iterator[None]:
    """The records' tables, as the platform's parts write them."""
    database.open(os.environ[environment_name("records", "database_url")])
    with database.database.connection_context():
        yield
    database.database.close()


@pytest.fixture
def lab_database(state: dict[str, Any]) -> Iterator[None]:
    """The lab's tables, as the lab writes them."""
    lab = open_database(os.environ[environment_name("lab", "database_url")])
    with lab.bind_ctx(MODELS), lab.connection_context():
        yield
