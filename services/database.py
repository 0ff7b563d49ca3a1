"""Opens a server's own database by URL."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import peewee
from playhouse.db_url import connect

# what is raised when a database can't be reached, or can't write
AWAY = (peewee.OperationalError, peewee.InterfaceError)
# an answered request is on disk; a second writer waits
SQLITE_PRAGMAS = {"journal_mode": "wal", "synchronous": "full", "secure_delete": 1, "busy_timeout": 10000}


def open_database(url: str) -> peewee.Database:
    """A database at sqlite:///relative/path, sqlite:////absolute/path or postgresql://user:password@host/name."""
    options: dict[str, Any] = {}
    if url.startswith("sqlite:///"):
        os.makedirs(os.path.dirname(os.path.abspath(urlsplit(url).path[1:])), exist_ok=True)
        options["pragmas"] = SQLITE_PRAGMAS
    return connect(url, **options)
