"""A real SMTP server in the test's own process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import AuthResult

from tests.support.ports import free_port

# what is said to addresses that begin so
REPLIES = {"unknown": "550 no such mailbox", "greylisted": "450 come again", "goes-down": "421 we close"}


class Inbox(Message):
    """Keeps what it gets.

    Attributes:
        recipients: of each RCPT, whatever it answered.
        farewell: what it answers to QUIT.
    """

    def __init__(self) -> None:
        super().__init__()
        self.got: list[Any] = []
        self.recipients: list[str] = []
        self.farewell = "221 bye"

    def handle_message(self, message: Any) -> None:
        self.got.append(message)

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
    """The inbox, and the port at which it is filled.

    Args:
        password: of the account with which one must sign in; empty is without.
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
