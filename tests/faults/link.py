"""A TCP proxy that injects network faults: it delays, slows down, drops or replaces bytes, and resets connections."""

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


class ConnectionCut(Exception):
    """The proxy has to reset the connection."""


class Fault:
    """A network fault in one direction.

    Attributes:
        over: set at the end of the fault; delayed bytes are delivered then.
    """

    def __init__(self) -> None:
        self.over = threading.Event()

    def apply(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the bytes that are delivered instead of a chunk, when they are.

        Raises:
            ConnectionCut: the connection is reset.
        """
        raise NotImplementedError


class Link:
    """A proxy to the first of some servers that accepts the connection.

    Args:
        targets: base URLs, or host:port.

    Attributes:
        affected: number of chunks to which a fault was applied.
    """

    def __init__(self, *targets: str, port: int = 0):
        self._targets = [_address(target) for target in targets]
        self._listener = socket.create_server(("127.0.0.1", port), backlog=256)
        self._to_server: Fault | None = None
        self._to_client: Fault | None = None
        self.affected = 0
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Link:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    @contextmanager
    def inject(self, to_server: Fault | None = None, to_client: Fault | None = None) -> Iterator[None]:
        """Inject faults in these directions within the context."""
        self._to_server, self._to_client = to_server, to_client
        try:
            yield
        finally:
            self._to_server = self._to_client = None
            for fault in (to_server, to_client):
                if fault:
                    fault.over.set()

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
        upstream = threading.Thread(target=self._forward, args=[client, server, self._fault_to_server], daemon=True)
        upstream.start()
        self._forward(server, client, self._fault_to_client)
        upstream.join()
        client.close()
        server.close()

    def _server(self) -> socket.socket | None:
        for address in self._targets:
            with contextlib.suppress(OSError):
                return socket.create_connection(address, timeout=None)
        return None

    def _fault_to_server(self) -> Fault | None:
        return self._to_server

    def _fault_to_client(self) -> Fault | None:
        return self._to_client

    def _forward(self, source: socket.socket, sink: socket.socket, current_fault: Callable[[], Fault | None]) -> None:
        try:
            while chunk := source.recv(CHUNK):
                fault = current_fault()
                if fault is None:
                    sink.sendall(chunk)
                    continue
                self.affected += 1
                for piece in fault.apply(chunk):
                    sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except (OSError, ConnectionCut):
            _reset(source)
            _reset(sink)


class BlackHole(Fault):
    """Nothing is delivered until the end of the fault, then everything, as TCP does by retransmission."""

    def apply(self, chunk: bytes) -> Iterator[bytes]:
        self.over.wait()
        yield chunk


class Reset(Fault):
    """The connection is reset, and the bytes are lost."""

    def apply(self, chunk: bytes) -> Iterator[bytes]:
        raise ConnectionCut


class Slow(Fault):
    """Bytes are delivered one by one."""

    def __init__(self, per_s: int):
        super().__init__()
        self._per_s = per_s

    def apply(self, chunk: bytes) -> Iterator[bytes]:
        for position in range(len(chunk)):
            if self.over.wait(1 / self._per_s):
                yield chunk[position:]
                return
            yield chunk[position : position + 1]


class ReplacedAnswer(Fault):
    """Another answer is delivered, and the connection is reset."""

    def __init__(self, answer: bytes):
        super().__init__()
        self._answer = answer

    def apply(self, chunk: bytes) -> Iterator[bytes]:
        yield self._answer
        raise ConnectionCut


def _reset(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    with contextlib.suppress(OSError):
        # wakes up the thread that reads from it
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def _address(target: str) -> tuple[str, int]:
    parts = urlsplit(target if "//" in target else f"//{target}")
    return str(parts.hostname), int(parts.port or 80)
