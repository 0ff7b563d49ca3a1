"""Gunicorn's worker class for our applications: a time limit for reading requests, and metrics of all processes."""

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


def _share_metrics() -> None:
    """Create the folder in which prometheus_client collects the metrics of all processes.

    The master process, which imports this module before it forks, deletes the folder at its exit.
    """
    master, folder = os.getpid(), tempfile.mkdtemp(prefix="coronacare-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder

    def remove() -> None:
        if os.getpid() == master:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)


_share_metrics()


class Worker(ThreadWorker):
    """Threaded worker with a time limit for reading a request, against slow clients (Slowloris).

    After it the socket is shut down for reading: an application that still reads the body gets its end, and answers
    400. Writing the response isn't limited.

    Attributes:
        read_timeout_s: for headers and body together, in seconds.
    """

    read_timeout_s: ClassVar[float] = 20.0

    def handle(self, conn: TConn) -> Any:
        with self._limit_read_time(conn.sock):
            return super().handle(conn)

    @contextlib.contextmanager
    def _limit_read_time(self, sock: socket.socket) -> Iterator[None]:
        timer = threading.Timer(self.read_timeout_s, _stop_reading, [sock])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _stop_reading(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RD)
