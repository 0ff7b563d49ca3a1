"""What carries a message to a person: SMTP, an SMS gateway, or a member of staff who calls.

SMTP can't be exactly once, so each message has a Message-ID made of its key; the gateway takes a key once, and so does
the call.
"""

from __future__ import annotations

import contextlib
import hashlib
import smtplib
from email.message import EmailMessage
from typing import Any, Protocol

from processes.cases import find_case
from processes.engine import Engine, EngineError, EngineUnavailable
from records.access import Access
from records.outbox import Message
from workers.messages import TO_DOCTORS, TO_MANAGERS, text_of
from workers.outside import Faulty, Refused, Service, Unavailable

TELL_BY_TELEPHONE = "tell_by_telephone"


class NotNow(Exception):
    """The carrier can't be reached; trying again later helps."""


class Deferred(Exception):
    """The carrier takes messages, but this one only later."""


class Undeliverable(Exception):
    """The carrier refuses this message for good."""


class Carrier(Protocol):
    def carry(self, message: Message) -> None:
        """Deliver one message.

        Raises:
            NotNow: try again later, this one and all others.
            Deferred: try this one again later.
            Undeliverable: don't.
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


class Mail:
    """By SMTP."""

    def __init__(self, host: str, port: int, sender: str, pages: Pages):
        self._host = host
        self._port = port
        self._sender = sender
        self._pages = pages

    def carry(self, message: Message) -> None:
        try:
            with contextlib.closing(smtplib.SMTP(self._host, self._port, timeout=10)) as server:
                server.send_message(self._email(message))
                # it has the message, whatever it says to this
                with contextlib.suppress(OSError, smtplib.SMTPException):
                    server.quit()
        except smtplib.SMTPRecipientsRefused as error:
            [(code, _)] = error.recipients.values()
            raise _refusal(code) from None
        except smtplib.SMTPDataError as error:
            raise _refusal(error.smtp_code) from None
        except smtplib.SMTPNotSupportedError as error:
            raise Undeliverable(type(error).__name__) from None
        except (OSError, smtplib.SMTPException) as error:
            raise NotNow(f"no answer from the mail server ({type(error).__name__})") from None

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


def _refusal(code: int) -> Exception:
    """What a mail server's reply code to a recipient or a text means (RFC 5321, 4.2.1)."""
    said = f"the mail server answered {code}"
    if 500 <= code < 600:
        return Undeliverable(said)
    # 421: it goes down
    return Deferred(said) if 400 <= code < 500 and code != 421 else NotNow(said)


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
            self._engine.start(TELL_BY_TELEPHONE, message.case_reference, self._values(message), message.key)
        except EngineUnavailable as error:
            raise NotNow(str(error)) from None
        except EngineError as error:
            raise Deferred(str(error)) from None

    def _values(self, message: Message) -> dict[str, Any]:
        subject, text = text_of(message.template, message.language)
        case = find_case(self._engine, message.case_reference)
        if case is None:
            raise Undeliverable("no such case")
        names = {name: case.values.get(name) for name in ("given_name", "family_name", "carer_name")}
        return {
            **names,
            "notice_key": message.key,
            "notice_text": f"{subject}. {text}",
            "phone": message.recipient,
            "language": message.language,
            "most_calls": case.values["policy"]["most_calls"],
        }
