"""An HTTP server on loopback whose replies come from a function."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    status: int
    content: bytes = b""
    kind: str = "application/json"


@dataclass(frozen=True)
class Raw:
    """Bytes that replace a reply, in pieces with pauses between them; then the connection is closed if `closes`."""

    pieces: Iterable[bytes]
    pause_s: float = 0
    closes: bool = True


@contextmanager
def http_server(answer: Callable[[Call], Reply | Raw | None], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve requests with the function's replies, each in its own thread; yields the base URL.

    Args:
        answer: returns the reply; None closes the connection without one.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._reply()

        def do_POST(self) -> None:
            self._reply()

        def do_DELETE(self) -> None:
            self._reply()

        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = answer(Call(self.command, self.path, self.headers, body))
            if reply is None:
                self.close_connection = True
                return
            if isinstance(reply, Raw):
                self._write(reply)
                return
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            self.send_header("Content-Length", str(len(reply.content)))
            self.end_headers()
            self.wfile.write(reply.content)

        def _write(self, raw: Raw) -> None:
            self.close_connection = raw.closes
            with suppress(OSError):
                for piece in raw.pieces:
                    self.wfile.write(piece)
                    time.sleep(raw.pause_s)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_: Any) -> None:
            """Log nothing: in these tests clients close connections early."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
