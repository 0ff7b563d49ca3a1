"""How a server ends that can't start: one line instead of a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import peewee

# gunicorn ends for this exit code (WORKER_BOOT_ERROR); for others it starts the next worker at once, for ever
BOOT_ERROR = 3
# libpq has no SQLSTATE for a connection that the server refuses, only its text
REFUSALS = ("password authentication failed", "no password supplied", "no pg_hba.conf entry")


@contextmanager
def needs_database(setting: str) -> Iterator[None]:
    """End the process if the database can't be opened.

    Args:
        setting: the one that has its URL.
    """
    try:
        yield
    except (peewee.OperationalError, peewee.InterfaceError) as error:
        is_refused = any(refusal in str(error) for refusal in REFUSALS)
        reason = "refuses the user or password" if is_refused else f"can't be reached ({type(error).__name__})"
        print(f"can't start: the database of {setting} {reason}", file=sys.stderr, flush=True)
        sys.exit(BOOT_ERROR)
