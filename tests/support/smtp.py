"""An SMTP server in the test's process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import AuthResult

from tests.support.ports import free_port

# replies to RCPT, by the beginning of the address
REPLIES = {"unknown": "550 no such mailbox", "greylisted": "450 come again", "goes-down": "421 we close"}


class Inbox(Message):
    """Stores the received messages.

    Attributes:
        recipients: the address of each RCPT, accepted or not.
        farewell: reply to QUIT.
    """

    def __init__(self) -> None:
        super().__init__()
        self.received: list[Any] = []
        self.recipients: list[str] = []
        self.farewell = "221 bye"

    def handle_message(self, message: Any) -> None:
        self.received.append(message)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        self.recipients.append(address)
        if address.startswith("hangs-up"):
            server.transport.abort()
        for beginning, reply in REPLIES.items():
            if address.startswith(beginning):
                return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if any(address.startswith("full") for address in envelope.rcpt_tos):
            return "452 no room now"
        return await super().handle_DATA(server, session, envelope)

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        return self.farewell


@contextmanager
def smtp_server(password: str = "", **options: Any) -> Iterator[tuple[Inbox, int]]:
    """Start a server, and stop it at the end; yields its inbox and port.

    Args:
        password: clients must authenticate with it; empty for a server without authentication.
        options: of aiosmtpd's Controller.
    """
    inbox = Inbox()
    if password:
        options |= {
            "auth_required": True,
            "auth_require_tls": False,
            "authenticator": lambda server, session, envelope, mechanism, data: AuthResult(
                success=data.password == password.encode(), handled=False
            ),
        }
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    yield inbox, controller.port
    controller.stop()
