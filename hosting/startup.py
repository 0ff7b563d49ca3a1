"""How a server ends that can't start: one line instead of a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from hosting.databases import AWAY, is_refused

# gunicorn ends for this exit code (WORKER_BOOT_ERROR); for others it starts the next worker at once, for ever
BOOT_ERROR = 3


@contextmanager
def needs_database(setting: str) -> Iterator[None]:
    """End the process if the database can't be opened.

    Args:
        setting: the one that has its URL.
    """
    try:
        yield
    except AWAY as error:
        reason = "refuses the user or password" if is_refused(error) else f"can't be reached ({type(error).__name__})"
        print(f"can't start: the database of {setting} {reason}", file=sys.stderr, flush=True)
        sys.exit(BOOT_ERROR)
