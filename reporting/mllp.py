"""Sends HL7 v2 by MLLP: a message in a frame, and the acknowledgement that answers it.

https://www.hl7.org/documentcenter/public/wg/inm/mllp_transport_specification.PDF
"""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass

from hosting.clients.service import Faulty, Unavailable
from reporting.acknowledgement import check_acknowledgement
from reporting.message import Message

START, END = b"\x0b", b"\x1c\r"
TIMEOUT_S = 30.0
MAX_ANSWER = 65536
CHUNK = 4096


@dataclass(frozen=True)
class Mllp:
    """A receiver at a host and port, with a connection for each message.

    Attributes:
        context: for TLS; None for a connection without it.
        timeout_s: of connection, message and acknowledgement together.
    """

    host: str
    port: int
    context: ssl.SSLContext | None = None
    timeout_s: float = TIMEOUT_S

    def send(self, message: Message) -> None:
        """Send a message.

        Raises:
            Unavailable: it can't be reached, or doesn't answer: the message is repeated.
            Faulty: it has an error, or its answer isn't an acknowledgement of this message.
            Refused: it refuses the message for good.
        """
        try:
            answer = self._exchange(message.content)
        except OSError as error:
            # also ssl.SSLError and TimeoutError
            raise Unavailable(f"no answer from reports.url ({type(error).__name__})") from None
        check_acknowledgement(answer, message.control_id)

    def _exchange(self, content: bytes) -> bytes:
        deadline = time.monotonic() + self.timeout_s
        with socket.create_connection((self.host, self.port), timeout=self.timeout_s) as plain:
            if self.context is None:
                return _send_and_receive(plain, content, deadline)
            with self.context.wrap_socket(plain, server_hostname=self.host) as secured:
                return _send_and_receive(secured, content, deadline)


def _send_and_receive(connection: socket.socket, content: bytes, deadline: float) -> bytes:
    connection.sendall(START + content + END)
    answer = b""
    while END[:1] not in answer:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        received = connection.recv(CHUNK)
        if not received:
            raise ConnectionResetError
        answer += received
        if len(answer) > MAX_ANSWER:
            raise Faulty("the authority's acknowledgement is too long")
    return answer.split(END[:1])[0].split(START)[-1]
