"""How gunicorn serves our applications: nobody keeps a thread by sending slowly."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

from gunicorn.workers.gthread import TConn, ThreadWorker


def _share_figures() -> None:
    """Have the processes share what they count: in a folder that the first of them makes, and takes away."""
    first, folder = os.getpid(), tempfile.mkdtemp(prefix="coronacare-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder

    def remove() -> None:
        if os.getpid() == first:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)


_share_figures()


class Worker(ThreadWorker):
    """Threads, each of which reads a request within a time.

    What isn't there by then counts as the end: an application that still waits for the body answers 400. The answer
    itself may take longer.

    Attributes:
        read_within_s: for the head and the body together.
    """

    read_within_s: ClassVar[float] = 20.0

    def handle(self, conn: TConn) -> Any:
        with self._read_in_time(conn.sock):
            return super().handle(conn)

    @contextlib.contextmanager
    def _read_in_time(self, sock: socket.socket) -> Iterator[None]:
        timer = threading.Timer(self.read_within_s, _read_no_more, [sock])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _read_no_more(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RD)
