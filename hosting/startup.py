"""Startup checks that end a server with one line instead of a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from hosting.databases import DATABASE_ERRORS, is_authentication_error

# gunicorn's WORKER_BOOT_ERROR, which ends the master; for other codes it starts a new worker, in an endless loop
BOOT_ERROR = 3


@contextmanager
def require_database(setting: str) -> Iterator[None]:
    """End the process with a message on standard error if the database can't be opened.

    Args:
        setting: name of the setting with the database's URL.
    """
    try:
        yield
    except DATABASE_ERRORS as error:
        reason = (
            "refuses the user or password"
            if is_authentication_error(error)
            else f"can't be reached ({type(error).__name__})"
        )
        print(f"can't start: the database of {setting} {reason}", file=sys.stderr, flush=True)
        sys.exit(BOOT_ERROR)
