"""Stands between a worker and the engine, and makes trouble on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import urllib3

# what may become of a call, beside a status to answer with in the engine's place
CUT = "the connection is cut before the engine hears of it"
ANSWER_LOST = "the engine does it, and its answer is lost"


class Proxy:
    """What happens to the calls.

    Attributes:
        trouble: given the path, what becomes of the call; None lets it through.
        calls: the paths of all, in order.
    """

    def __init__(self) -> None:
        self.trouble: Callable[[str], int | str | None] = lambda path: None
        self.calls: list[str] = []


@contextmanager
def proxy_to(url: str) -> Iterator[tuple[Proxy, str]]:
    """A running one, and its base URL."""
    proxy = Proxy()
    pool = urllib3.PoolManager(maxsize=32, retries=False)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            proxy.calls.append(self.path)
            trouble = proxy.trouble(self.path)
            if isinstance(trouble, int):
                self._answer(trouble, b"{}", "application/json")
                return
            if trouble != CUT:
                headers = {name: self.headers[name] for name in ("Authorization", "Content-Type") if self.headers[name]}
                response = pool.request(self.command, url + self.path, body=body, headers=headers, timeout=60)
                if trouble is None:
                    self._answer(response.status, response.data, response.headers.get("Content-Type", "text/plain"))
                    return
            self.close_connection = True

        def _answer(self, status: int, content: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_: Any) -> None:
            """Clients leave in the middle here."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield proxy, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
