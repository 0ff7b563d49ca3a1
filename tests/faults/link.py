"""A TCP connection's middle, where a test makes trouble: bytes are held up, slowed down, lost, changed, cut off."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

CHUNK = 65536
RESET = struct.pack("ii", 1, 0)


class Cut(Exception):
    """The connection is reset here."""


class Trouble:
    """What becomes of bytes under way.

    Attributes:
        over: set when the link is as it was; what is held up then comes.
    """

    def __init__(self) -> None:
        self.over = threading.Event()

    def meets(self, chunk: bytes) -> Iterator[bytes]:
        """What comes of some bytes: later, changed, or never.

        Raises:
            Cut: the connection is reset.
        """
        raise NotImplementedError


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
            for trouble in (to_server, to_client):
                if trouble:
                    trouble.over.set()

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
                for piece in meet.meets(chunk):
                    sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except (OSError, Cut):
            _reset(source)
            _reset(sink)


class Hole(Trouble):
    """Nothing comes through; then all comes, late, as TCP would deliver it."""

    def meets(self, chunk: bytes) -> Iterator[bytes]:
        self.over.wait()
        yield chunk


class Reset(Trouble):
    """The connection is reset, and what was under way is lost."""

    def meets(self, chunk: bytes) -> Iterator[bytes]:
        raise Cut


class Slow(Trouble):
    """Bytes come one by one."""

    def __init__(self, per_s: int):
        super().__init__()
        self._per_s = per_s

    def meets(self, chunk: bytes) -> Iterator[bytes]:
        for position in range(len(chunk)):
            if self.over.wait(1 / self._per_s):
                yield chunk[position:]
                return
            yield chunk[position : position + 1]


class Instead(Trouble):
    """Another answer comes, and the connection ends."""

    def __init__(self, answer: bytes):
        super().__init__()
        self._answer = answer

    def meets(self, chunk: bytes) -> Iterator[bytes]:
        yield self._answer
        raise Cut


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
