"""What a running worker answers over HTTP: /healthz follows its poll loop, /readyz what it needs; /metrics."""

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
        """Probes come every few seconds."""


class Health:
    """Serves until close().

    Args:
        turns: whether the poll loop goes on.
        problems: why the process can't work now, a line each; none if it can.

    Raises:
        OSError: the address can't be had.
    """

    def __init__(
        self,
        host: str,
        port: int,
        registry: CollectorRegistry,
        turns: Callable[[], bool],
        problems: Callable[[], list[str]],
    ):
        self._metrics = make_wsgi_app(registry)
        self._checks = {
            "/healthz": lambda: [] if turns() else ["the poll loop stands still"],
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
            return _say(start, "404 Not Found", "there are /healthz, /readyz and /metrics")
        problems = self._checks[path]()
        if problems:
            return _say(start, "503 Service Unavailable", "\n".join(problems))
        return _say(start, "200 OK", "ok")


def _say(start: Start, status: str, text: str) -> list[bytes]:
    start(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{text}\n".encode()]
