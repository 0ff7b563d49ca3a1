"""Who a worker process is to the engine: an id of its own, the same after each restart, and never two at once.

The engine lets whoever has a task's worker id complete it, and ends the older of two polls with one id.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class IdentityTaken(Exception):
    """Another process on this host works under the same id; the message says which, and what to do."""


class WorkerIdentity:
    """A worker id, held by a lock on a file until this process ends, however it ends.

    Args:
        worker_id: of this host and this process, "care1-lab-2".
        folder: for the lock's file; one for all worker processes of the host.

    Raises:
        IdentityTaken: another process holds it.
    """

    def __init__(self, worker_id: str, folder: Path):
        self.worker_id = worker_id
        folder.mkdir(parents=True, exist_ok=True)
        # kept open: the lock ends with it
        self._file = (folder / f"{worker_id}.lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip()
            self._file.close()
            raise IdentityTaken(
                f"worker {worker_id} runs already, as process {holder}: end it, or give this one another number "
                "(workers.number)"
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def give_up(self) -> None:
        """Release the id: another process may work under it."""
        self._file.close()
