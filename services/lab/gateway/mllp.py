"""MLLP listener: HL7 v2 over TCP, each message in a frame, answered by an acknowledgement.

https://www.hl7.org/documentcenter/public/wg/inm/mllp_transport_specification.PDF
AA: the message is on disk. AE: it couldn't be stored, so it must be sent again. AR: it is refused for good.
"""

from __future__ import annotations

import logging
import socket
import socketserver
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from services.lab.gateway.messages.hl7v2 import read_header
from services.lab.gateway.transmissions import RECEIVED, Refused

log = logging.getLogger("services.lab.gateway.mllp")

START, END = b"\x0b", b"\x1c"
# a client that sends nothing, and one that sends a message slowly, are disconnected after these times
IDLE_S, MESSAGE_S = 600.0, 60.0
LINGER_S = 2.0
MAX_CONNECTIONS = 32
CHUNK = 65536
# HL7 table 0357
ERROR_CODE = "207^Application internal error^HL70357"


class TooLarge(Exception):
    """A frame is larger than the limit."""


@dataclass(frozen=True)
class Listener:
    """A running MLLP server."""

    server: socketserver.ThreadingTCPServer

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def listen(
    address: tuple[str, int],
    store: Callable[[bytes], object],
    max_bytes: int,
    context: ssl.SSLContext | None = None,
    describe: Callable[[BaseException], str] = lambda error: "",
) -> Listener:
    """Start the listener in a thread.

    Args:
        store: stores a message on disk; raises Refused for one that is refused for good.
        max_bytes: of a message.
        context: for TLS; None for a plain connection.
        describe: returns an error's text for log and sender, without patients' data; empty means its class.
    """
    slots = threading.BoundedSemaphore(MAX_CONNECTIONS)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if not slots.acquire(blocking=False):
                return
            try:
                with _secured(self.request, context) as connection:
                    _serve(connection, store, max_bytes, describe)
            except (OSError, TooLarge) as error:
                # also ssl.SSLError; the sender gets no acknowledgement, and sends again
                log.info("a connection ended: %s", type(error).__name__)
            finally:
                slots.release()

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET

    server = Server(address, Handler)
    threading.Thread(target=server.serve_forever, name="mllp", daemon=True).start()
    return Listener(server)


def _secured(connection: socket.socket, context: ssl.SSLContext | None) -> socket.socket:
    connection.settimeout(MESSAGE_S)
    return context.wrap_socket(connection, server_side=True) if context else connection


def _serve(
    connection: socket.socket,
    store: Callable[[bytes], object],
    max_bytes: int,
    describe: Callable[[BaseException], str],
) -> None:
    for content in _frames(connection, max_bytes):
        try:
            store(content)
            answer = acknowledge(content, "AA")
        except Refused as refused:
            answer = acknowledge(content, "AR", str(refused))
        except Exception as error:
            reason = describe(error) or type(error).__name__
            log.warning("a message wasn't stored: %s", reason)
            answer = acknowledge(content, "AE", "the message wasn't stored; send it again")
        connection.sendall(START + answer + END + b"\r")


def _frames(connection: socket.socket, max_bytes: int) -> Iterator[bytes]:
    """Yield the contents of frames until the client closes the connection."""
    buffer, searched, deadline = bytearray(), 0, 0.0
    while True:
        # only what is new is searched: a message may come byte by byte
        while (end := buffer.find(END, searched)) >= 0:
            frame = bytes(buffer[:end])
            del buffer[: end + 1]
            searched, deadline = 0, 0.0
            yield frame.split(START)[-1]
        searched = len(buffer)
        if len(buffer) > max_bytes:
            RECEIVED.labels("mllp", "refused").inc()
            _refuse(connection, buffer, "AR", "the message is too large")
            raise TooLarge
        if not deadline and buffer.strip():
            deadline = time.monotonic() + MESSAGE_S
        connection.settimeout(max(deadline - time.monotonic(), 0.001) if deadline else IDLE_S)
        try:
            received = connection.recv(CHUNK)
        except TimeoutError:
            if deadline:
                _refuse(connection, buffer, "AE", f"the message wasn't complete within {MESSAGE_S:g} s; send it again")
            raise
        if not received:
            return
        buffer += received


def _refuse(connection: socket.socket, buffer: bytearray, code: str, reason: str) -> None:
    """Acknowledge what has come of a message, and end the connection."""
    connection.settimeout(LINGER_S)
    connection.sendall(START + acknowledge(bytes(buffer[:CHUNK]), code, reason) + END + b"\r")
    _linger(connection)


def _linger(connection: socket.socket) -> None:
    """Discard what the client still sends, for a while: unread data would reset the connection before the answer."""
    connection.shutdown(socket.SHUT_WR)
    deadline = time.monotonic() + LINGER_S
    while (rest_s := deadline - time.monotonic()) > 0:
        connection.settimeout(rest_s)
        if not connection.recv(CHUNK):
            return


def acknowledge(content: bytes, code: str, reason: str = "") -> bytes:
    """Return the acknowledgement (ACK^R01) of a message, which may be unreadable.

    Args:
        code: AA, AE or AR.
        reason: of AE and AR; names no patient.
    """
    header = read_header(content)
    now = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
    sender, receiver = ([header.get(number, "") for number in numbers] for numbers in ((3, 4), (5, 6)))
    segments = [
        "|".join(["MSH", "^~\\&", *receiver, *sender, now, "", "ACK^R01^ACK", uuid.uuid4().hex[:20], "P", "2.5.1"]),
        "|".join(["MSA", code, header.get(10, ""), reason]).rstrip("|"),
    ]
    if code != "AA":
        segments.append(f"ERR|||{ERROR_CODE}|E||||{reason}")
    return "".join(segment + "\r" for segment in segments).encode()
