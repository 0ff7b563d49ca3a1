"""Worker id of a process: stable across restarts, and exclusive on its host.

The engine accepts reports of a task from any process with its worker id, and ends the older of two polls with one id.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class IdentityInUse(Exception):
    """Another process on this host uses the same worker id; the message names it, and the remedy."""


class WorkerIdentity:
    """A worker id, locked by flock() on a file, which the system releases when the process ends.

    Args:
        worker_id: of this host and this process, like "care1-lab-2".
        folder: of the lock file; the same for all worker processes of the host.

    Raises:
        IdentityInUse: another process uses the id.
    """

    def __init__(self, worker_id: str, folder: Path):
        self.worker_id = worker_id
        folder.mkdir(parents=True, exist_ok=True)
        # stays open: closing the file releases the lock
        self._file = (folder / f"{worker_id}.lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip()
            self._file.close()
            raise IdentityInUse(
                f"worker {worker_id} is already running as process {holder}: stop it, or set another number "
                "(workers.number)"
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Release the id for other processes."""
        self._file.close()
