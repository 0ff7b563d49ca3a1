"""What carries a message to a person: SMTP, an SMS gateway, or a member of staff who calls.

SMTP can't be exactly once, so each message has a Message-ID made of its key; the gateway takes a key once, and so does
the call.
"""

from __future__ import annotations

import contextlib
import hashlib
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Protocol

from camunda7.engine import EngineError, EngineUnavailable
from camunda7.outages import CredentialsRefused, SafeToLog
from processes.cases import find_case
from processes.elements import Process
from processes.engine import Engine
from records.access import Access
from records.outbox import Message
from workers.messages import TO_DOCTORS, TO_MANAGERS, text_of
from workers.service_client import Faulty, Refused, Service, Unavailable

TIMEOUT_S = 10
ANOTHER_WAY = "reach this person another way, and ask for an address that works."
# the reply of a server that ends the connection
CLOSING = 421
WANTS_SIGN_IN = (530, 534, 535, 538)
NO_ADDRESS = 553


class NotNow(SafeToLog):
    """The carrier can't be reached, or refuses our sign-in; this holds for all of its messages."""


class SignInRefused(NotNow, CredentialsRefused):
    """The carrier refuses our account or its password."""


class Deferred(SafeToLog):
    """The carrier refuses this message for now.

    Attributes:
        is_closing: it has ended the connection, and should get no other message at once.
    """

    def __init__(self, reason: str, is_closing: bool = False):
        super().__init__(reason)
        self.is_closing = is_closing


class Undeliverable(SafeToLog):
    """The carrier refuses this message for good."""


class Channel(Protocol):
    def carry(self, message: Message) -> None:
        """Deliver one message.

        Raises:
            NotNow: no message can be delivered now.
            Deferred: this message is to be delivered later.
            Undeliverable: this message is never to be delivered.
        """


class Pages:
    """Where the text of a message leads: a link to the patient's case, Tasklist, or the managers' page.

    Args:
        webapp: base URL of the patients' pages.
        tasklist: its URL.
    """

    def __init__(self, webapp: str, tasklist: str, access: Access):
        self._webapp = webapp
        self._tasklist = tasklist
        self._access = access

    def of(self, message: Message) -> str:
        if message.template in TO_DOCTORS:
            return self._tasklist
        if message.template in TO_MANAGERS:
            return f"{self._webapp}/staff/now"
        return f"{self._webapp}/link/{self._access.link(message.key, message.case_reference)}"


@dataclass(frozen=True)
class MailServer:
    """An SMTP server.

    Attributes:
        username: of our account there; empty is without signing in.
        starttls: encrypt the connection, and verify the server's certificate.
    """

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = False

    def connect(self) -> smtplib.SMTP:
        """A connection on which we are signed in. No failure until then is a message's own.

        Raises:
            NotNow: the server can't be reached, or refuses to serve us.
        """
        try:
            with contextlib.ExitStack() as on_failure:
                connection = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)
                on_failure.callback(connection.close)
                self._sign_in(connection)
                on_failure.pop_all()
        except smtplib.SMTPAuthenticationError as error:
            raise SignInRefused(f"the mail server refuses mail.username or mail.password ({error.smtp_code})") from None
        except (OSError, smtplib.SMTPException) as error:
            raise NotNow(f"no answer from mail.host, mail.port ({type(error).__name__})") from None
        return connection

    def check(self) -> None:
        """Connect and sign in.

        Raises:
            NotNow: that can't be done.
        """
        with contextlib.closing(self.connect()) as connection, contextlib.suppress(OSError, smtplib.SMTPException):
            connection.quit()

    def _sign_in(self, connection: smtplib.SMTP) -> None:
        if self.starttls:
            connection.starttls(context=ssl.create_default_context())
        if self.username:
            connection.login(self.username, self.password)
        connection.ehlo_or_helo_if_needed()


class Mail:
    """By SMTP."""

    def __init__(self, server: MailServer, sender: str, pages: Pages):
        self._server = server
        self._sender = sender
        self._pages = pages

    def carry(self, message: Message) -> None:
        email = self._email(message)
        with contextlib.closing(self._server.connect()) as connection:
            try:
                connection.send_message(email)
            except (OSError, smtplib.SMTPException) as error:
                raise _refusal(error) from None
            # it has the message, whatever it answers to this
            with contextlib.suppress(OSError, smtplib.SMTPException):
                connection.quit()

    def _email(self, message: Message) -> EmailMessage:
        subject, text = text_of(message.template, message.language)
        email = EmailMessage()
        email["From"], email["To"], email["Subject"] = self._sender, message.recipient, subject
        email["Message-ID"] = message_id(message.key)
        email.set_content(f"{text}\n\n{self._pages.of(message)}\n")
        return email


def message_id(key: str) -> str:
    """A mail's Message-ID: the same for each time that it goes."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@coronacare.example>"


def _refusal(error: Exception) -> Exception:
    """What a failure of one mail's transaction means, by the server's reply code (RFC 5321, 4.2.1)."""
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Undeliverable("the mail server can't write such an address")
    code = _reply_code(error)
    if code is None:
        return Deferred(f"the mail server ended the connection ({type(error).__name__})", is_closing=True)
    reason = f"the mail server answered {code}"
    if code in WANTS_SIGN_IN:
        return SignInRefused(f"{reason}: it wants mail.username and mail.password")
    if isinstance(error, smtplib.SMTPSenderRefused):
        return NotNow(f"{reason} to mail.sender")
    if 500 <= code < 600:
        return Undeliverable(reason)
    return Deferred(reason, is_closing=code == CLOSING)


def _reply_code(error: Exception) -> int | None:
    """The code with which the server refused the sender, the recipient or the text; None if it didn't answer."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        # none at all: there is no address in what was given as one
        return next((code for code, _ in error.recipients.values()), NO_ADDRESS)
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None


class Sms:
    """By an SMS gateway over HTTP, as services/sms describes it."""

    def __init__(self, gateway: Service, pages: Pages):
        self._gateway = gateway
        self._pages = pages

    def carry(self, message: Message) -> None:
        _, text = text_of(message.template, message.language)
        try:
            self._gateway.post(
                "/v1/messages", {"to": message.recipient, "text": f"{text} {self._pages.of(message)}"}, message.key
            )
        except Unavailable as error:
            raise NotNow(str(error)) from None
        except Faulty as error:
            raise Deferred(str(error)) from None
        except Refused as error:
            raise Undeliverable(str(error)) from None


class Telephone:
    """By a task for the contact tracers: one instance of tell_by_telephone for each message."""

    def __init__(self, engine: Engine):
        self._engine = engine

    def carry(self, message: Message) -> None:
        try:
            self._engine.start(Process.TELL_BY_TELEPHONE, message.case_reference, self._values(message), message.key)
        except EngineUnavailable as error:
            raise NotNow(str(error)) from None
        except EngineError as error:
            raise Deferred(str(error)) from None

    def _values(self, message: Message) -> dict[str, Any]:
        case = find_case(self._engine, message.case_reference)
        if case is None:
            raise Undeliverable("no such case")
        names = {name: case.values.get(name) for name in ("given_name", "family_name", "carer_name")}
        return {
            **names,
            "notice_key": message.key,
            "notice_text": _spoken(message),
            "phone": case.values.get("phone") if message.is_replacement else message.recipient,
            "language": message.language,
            "most_calls": case.values["policy"]["most_calls"],
        }


def _spoken(message: Message) -> str:
    """What a contact tracer says to the patient, and why they call if another message couldn't be delivered."""
    subject, text = text_of(message.template, message.language)
    if not message.is_replacement:
        return f"{subject}. {text}"
    return f"{subject}. {text}\n\nNot delivered to {message.recipient}: {ANOTHER_WAY}"
