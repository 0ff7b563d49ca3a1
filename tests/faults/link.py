"""A TCP connection's middle, where a test makes trouble: bytes are held up, slowed down, lost, changed, cut off."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

Bytes = Iterable[bytes]
# what becomes of bytes under way; they may come later, changed, or never
Trouble = Callable[[bytes], Bytes]

CHUNK = 65536
RESET = struct.pack("ii", 1, 0)


class Cut(Exception):
    """The connection is reset here."""


class Link:
    """Listens at a URL of its own, and passes on to the first of some servers that takes the connection.

    Args:
        targets: base URLs, or host:port.

    Attributes:
        met: how many chunks of bytes met with trouble.
    """

    def __init__(self, *targets: str, port: int = 0):
        self._targets = [_address(target) for target in targets]
        self._listener = socket.create_server(("127.0.0.1", port), backlog=256)
        self._to_server: Trouble | None = None
        self._to_client: Trouble | None = None
        self.met = 0
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Link:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    @contextmanager
    def trouble(self, to_server: Trouble | None = None, to_client: Trouble | None = None) -> Iterator[None]:
        """Have trouble with the bytes in these directions."""
        self._to_server, self._to_client = to_server, to_client
        try:
            yield
        finally:
            self._to_server = self._to_client = None

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=[client], daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        server = self._server()
        if server is None:
            _reset(client)
            return
        there = threading.Thread(target=self._pass_on, args=[client, server, self._of_server], daemon=True)
        there.start()
        self._pass_on(server, client, self._of_client)
        there.join()
        client.close()
        server.close()

    def _server(self) -> socket.socket | None:
        for address in self._targets:
            with contextlib.suppress(OSError):
                return socket.create_connection(address, timeout=None)
        return None

    def _of_server(self) -> Trouble | None:
        return self._to_server

    def _of_client(self) -> Trouble | None:
        return self._to_client

    def _pass_on(self, source: socket.socket, sink: socket.socket, trouble: Callable[[], Trouble | None]) -> None:
        try:
            while chunk := source.recv(CHUNK):
                meet = trouble()
                if meet is None:
                    sink.sendall(chunk)
                    continue
                self.met += 1
                for piece in meet(chunk):
                    sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except (OSError, Cut):
            _reset(source)
            _reset(sink)


class Hole:
    """Nothing comes through until it is filled; then all comes, late, as TCP would deliver it."""

    def __init__(self) -> None:
        self._filled = threading.Event()

    def __call__(self, chunk: bytes) -> Bytes:
        self._filled.wait()
        yield chunk

    def fill(self) -> None:
        self._filled.set()


def reset(chunk: bytes) -> Bytes:
    """The connection is reset, and what was under way is lost."""
    raise Cut


def slow(bytes_per_s: int) -> Trouble:
    def trickle(chunk: bytes) -> Bytes:
        for position in range(len(chunk)):
            time.sleep(1 / bytes_per_s)
            yield chunk[position : position + 1]

    return trickle


def instead(answer: bytes) -> Trouble:
    """Another answer comes, and the connection ends."""

    def replace(chunk: bytes) -> Bytes:
        yield answer
        raise Cut

    return replace


def _reset(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    with contextlib.suppress(OSError):
        # wakes up whoever reads from it
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def _address(target: str) -> tuple[str, int]:
    parts = urlsplit(target if "//" in target else f"//{target}")
    return str(parts.hostname), int(parts.port or 80)
