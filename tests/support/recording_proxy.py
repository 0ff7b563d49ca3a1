"""An HTTP proxy on loopback that records its requests, and the environment variables that name it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SCHEMES = ("http", "https", "all")


class RecordingProxy(socketserver.ThreadingTCPServer):
    """Answers each request with 502.

    Attributes:
        requests: the request line of each.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Recorder)
        self.requests: list[str] = []

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a program use this proxy for every address, in lower and upper case."""
        url = f"http://127.0.0.1:{self.server_address[1]}"
        lower = {f"{scheme}_proxy": url for scheme in SCHEMES} | {"no_proxy": ""}
        return lower | {name.upper(): value for name, value in lower.items()}


class _Recorder(socketserver.StreamRequestHandler):
    server: RecordingProxy

    def handle(self) -> None:
        self.server.requests.append(self.rfile.readline().decode(errors="replace").strip())
        self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@contextmanager
def recording_proxy() -> Iterator[RecordingProxy]:
    with RecordingProxy() as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
