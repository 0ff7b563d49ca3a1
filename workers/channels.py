"""What carries a message to a person: SMTP, an SMS gateway, or a member of staff who calls.

SMTP can't be exactly once, so each message has a Message-ID made of its key; the gateway takes a key once, and so does
the call.
"""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

from camunda7.engine import EngineError, EngineUnavailable
from hosting.clients.delivery import Deferred, NotNow, Undeliverable
from hosting.clients.mail import MailServer
from hosting.clients.sms import SmsGateway
from processes.cases import find_case
from processes.elements import Process
from processes.engine import Engine
from records.access import Access
from records.outbox import Message
from workers.messages import TO_DOCTORS, TO_MANAGERS, text_of

ANOTHER_WAY = "Contact this person another way, and ask for an email address or phone number that works."


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
        return f"{self._webapp}/link/{self._access.create_link(message.key, message.case_reference)}"


class Mail:
    """By SMTP."""

    def __init__(self, server: MailServer, sender: str, pages: Pages):
        self._server = server
        self._sender = sender
        self._pages = pages

    def carry(self, message: Message) -> None:
        subject, text = text_of(message.template, message.language)
        text = f"{text}\n\n{self._pages.of(message)}\n"
        self._server.send(self._sender, message.recipient, subject, text, message_id(message.key))


def message_id(key: str) -> str:
    """A mail's Message-ID: the same for each time that it goes."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@coronacare.example>"


class Sms:
    """By an SMS gateway."""

    def __init__(self, gateway: SmsGateway, pages: Pages):
        self._gateway = gateway
        self._pages = pages

    def carry(self, message: Message) -> None:
        _, text = text_of(message.template, message.language)
        self._gateway.send(message.recipient, f"{text} {self._pages.of(message)}", message.key)


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
    return f"{subject}. {text}\n\nWe couldn't deliver this message to {message.recipient}. {ANOTHER_WAY}"
