"""Client of the mail server (SMTP).

SMTP can't deliver exactly once, so a mail that is sent again has the same Message-ID.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage

from hosting.clients.delivery import ChannelUnavailable, Deferred, SignInRefused, Undeliverable

# reply code of a server that closes the connection
CLOSING = 421
# reply codes of a server that requires authentication
AUTHENTICATION_REQUIRED = (530, 534, 535, 538)


@dataclass(frozen=True)
class MailServer:
    """An SMTP server.

    Attributes:
        username: of our account; empty for a server without authentication.
        starttls: whether to encrypt the connection, and verify the server's certificate.
    """

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = False
    timeout_s: float = 10

    def connect(self) -> smtplib.SMTP:
        """Open a connection and sign in; an error means that no message can be sent.

        Raises:
            ChannelUnavailable: the server can't be reached, or refuses to serve us.
        """
        try:
            with contextlib.ExitStack() as on_failure:
                connection = smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)
                on_failure.callback(connection.close)
                self._sign_in(connection)
                on_failure.pop_all()
        except smtplib.SMTPAuthenticationError as error:
            raise SignInRefused(f"the mail server refuses mail.username or mail.password ({error.smtp_code})") from None
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelUnavailable(f"no answer from mail.host, mail.port ({type(error).__name__})") from None
        return connection

    def check(self) -> None:
        """Connect and sign in.

        Raises:
            ChannelUnavailable: the server can't be reached, or refuses to serve us.
        """
        with contextlib.closing(self.connect()) as connection:
            _quit(connection)

    def send(self, sender: str, recipient: str, subject: str, text: str, message_id: str) -> None:
        """Send a mail to one recipient.

        Raises:
            ChannelUnavailable: no mail can be sent now.
            Deferred: this mail can't be sent now.
            Undeliverable: the server refuses it permanently, or the recipient has no address.
            ValueError: the recipient isn't a valid address.
        """
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, recipient, subject
        mail["Date"], mail["Message-ID"] = datetime.now(UTC), message_id
        mail.set_content(text)
        # smtplib of Python 3.11.2 (Debian 12) sends to an empty address, which some servers accept
        addresses = [each.addr_spec for each in mail["To"].addresses if each.username]
        if not addresses:
            raise Undeliverable("the recipient has no address")
        with contextlib.closing(self.connect()) as connection:
            try:
                connection.send_message(mail, to_addrs=addresses)
            except (OSError, smtplib.SMTPException) as error:
                raise _delivery_error(error) from None
            _quit(connection)

    def _sign_in(self, connection: smtplib.SMTP) -> None:
        if self.starttls:
            connection.starttls(context=ssl.create_default_context())
        if self.username:
            connection.login(self.username, self.password)
        connection.ehlo_or_helo_if_needed()


def _quit(connection: smtplib.SMTP) -> None:
    """End the session; its errors are ignored, because the server has already accepted the mail."""
    with contextlib.suppress(OSError, smtplib.SMTPException):
        connection.quit()


def _delivery_error(error: Exception) -> Exception:
    """Return the delivery error of a failed mail transaction, by the server's reply code (RFC 5321, 4.2.1)."""
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Undeliverable("the mail server doesn't support such an address")
    code = _reply_code(error)
    if code is None:
        return Deferred(f"the mail server closed the connection ({type(error).__name__})", is_closing=True)
    reason = f"the mail server answered {code}"
    if code in AUTHENTICATION_REQUIRED:
        return SignInRefused(f"{reason}: it requires mail.username and mail.password")
    if isinstance(error, smtplib.SMTPSenderRefused):
        return ChannelUnavailable(f"{reason} to mail.sender")
    if 500 <= code < 600:
        return Undeliverable(reason)
    return Deferred(reason, is_closing=code == CLOSING)


def _reply_code(error: Exception) -> int | None:
    """Return the code with which the server refused the sender, recipient or text; None if it didn't answer."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next(code for code, _ in error.recipients.values())
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None
