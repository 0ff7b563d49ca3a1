"""Channels that deliver a message to a person: SMTP, an SMS gateway, or a call by a member of staff.

SMTP can't deliver exactly once, so the Message-ID of a mail is derived from the message's key. The gateway and the
engine use the key as an idempotency key.
"""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

from camunda7.engine import EngineError, EngineUnavailable
from hosting.clients.delivery import ChannelUnavailable, Deferred, Undeliverable
from hosting.clients.mail import MailServer
from hosting.clients.sms import SmsGateway
from processes.cases import find_case
from processes.elements import Process
from processes.engine import Engine
from records.access import Access
from records.outbox import Message
from workers.messages import TO_DOCTORS, TO_MANAGERS, compose_mail, compose_sms, text_of

ANOTHER_WAY = "Contact this person another way, and ask for an email address or phone number that works."


class Channel(Protocol):
    def deliver(self, message: Message) -> None:
        """Deliver one message.

        Raises:
            ChannelUnavailable: no message can be delivered now.
            Deferred: this message can't be delivered now.
            Undeliverable: this message can't be delivered at all.
        """


class MessageLinks:
    """Links in messages: to the patient's case, to Tasklist, or to the managers' page.

    Args:
        webapp: base URL of the patients' pages.
        tasklist: URL of Tasklist.
    """

    def __init__(self, webapp: str, tasklist: str, access: Access):
        self._webapp = webapp
        self._tasklist = tasklist
        self._access = access

    def url_for(self, message: Message) -> str:
        if message.template in TO_DOCTORS:
            return self._tasklist
        if message.template in TO_MANAGERS:
            return f"{self._webapp}/staff/now"
        return f"{self._webapp}/link/{self._access.create_link(message.key, message.case_reference)}"


class Mail:
    """Delivery by SMTP.

    Args:
        phone: number that patients call to check a message.
    """

    def __init__(self, server: MailServer, sender: str, links: MessageLinks, phone: str):
        self._server = server
        self._sender = sender
        self._links = links
        self._phone = phone

    def deliver(self, message: Message) -> None:
        url = self._links.url_for(message)
        subject, text = compose_mail(message.template, message.language, message.case_reference, url, self._phone)
        self._server.send(self._sender, message.recipient, subject, text, message_id(message.key))


def message_id(key: str) -> str:
    """Return the Message-ID of a mail, which is the same for each attempt."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@coronacare.example>"


class Sms:
    """Delivery by an SMS gateway.

    Args:
        phone: number that patients call to check a message.
    """

    def __init__(self, gateway: SmsGateway, links: MessageLinks, phone: str):
        self._gateway = gateway
        self._links = links
        self._phone = phone

    def deliver(self, message: Message) -> None:
        url = self._links.url_for(message)
        text = compose_sms(message.template, message.language, message.case_reference, url, self._phone)
        self._gateway.send(message.recipient, text, message.key)


class Telephone:
    """Delivery by a task for the contact tracers: one instance of tell_by_telephone for each message."""

    def __init__(self, engine: Engine):
        self._engine = engine

    def deliver(self, message: Message) -> None:
        try:
            self._engine.start(Process.TELL_BY_TELEPHONE, message.case_reference, self._values(message), message.key)
        except EngineUnavailable as error:
            raise ChannelUnavailable(str(error)) from None
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
            "notice_text": _call_script(message),
            "phone": case.values.get("phone") if message.is_replacement else message.recipient,
            "language": message.language,
            "most_calls": case.values["policy"]["most_calls"],
        }


def _call_script(message: Message) -> str:
    """Return what the contact tracer tells the patient; of a replacement also which address failed."""
    subject, text = text_of(message.template, message.language, message.case_reference)
    if not message.is_replacement:
        return f"{subject}. {text}"
    return f"{subject}. {text}\n\nWe couldn't deliver this message to {message.recipient}. {ANOTHER_WAY}"
