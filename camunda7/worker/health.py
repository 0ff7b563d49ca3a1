"""HTTP server of a worker: /healthz (poll loop), /readyz (dependencies) and /metrics."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

Start = Callable[[str, list[tuple[str, str]]], Any]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[WSGIRequestHandler]):
        self.address_family = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0][0]
        super().__init__(address, handler)


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Log nothing: probes come every few seconds."""


class Health:
    """HTTP server on a thread of its own, until close().

    Args:
        is_polling: whether the poll loop runs.
        problems: returns a line for each dependency that can't be used.

    Raises:
        OSError: the address can't be bound.
    """

    def __init__(
        self,
        host: str,
        port: int,
        registry: CollectorRegistry,
        is_polling: Callable[[], bool],
        problems: Callable[[], list[str]],
    ):
        self._metrics = make_wsgi_app(registry)
        self._checks = {
            "/healthz": lambda: [] if is_polling() else ["the poll loop is blocked"],
            "/readyz": problems,
        }
        self._server = make_server(host, port, self._answer, _Server, _Silent)
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            page: Iterable[bytes] = self._metrics(environ, start)
            return page
        if path not in self._checks:
            return _respond(start, "404 Not Found", "paths are /healthz, /readyz and /metrics")
        problems = self._checks[path]()
        if problems:
            return _respond(start, "503 Service Unavailable", "\n".join(problems))
        return _respond(start, "200 OK", "ok")


def _respond(start: Start, status: str, text: str) -> list[bytes]:
    start(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{text}\n".encode()]
