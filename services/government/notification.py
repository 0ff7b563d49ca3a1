"""Tells a contact by e-mail or SMS. No message names the case or a result; its link opens the contact's page."""

from __future__ import annotations

import contextlib
import logging
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import requests

from services.government.models import Contact
from services.http_client import request

log = logging.getLogger("services.government")

# a mail server wants us to sign in
WANTS_SIGN_IN = (530, 534, 535, 538)
EXPOSED, RELEASED = "exposed", "released"
# template → language → subject, text
TEXTS = {
    EXPOSED: {
        "en": ("A message from the health authority", "Please read what the health authority has to tell you:"),
        "fr": ("Un message de l'autorité sanitaire", "Veuillez lire ce que l'autorité sanitaire a à vous dire :"),
        "ar": ("رسالة من السلطة الصحية", "يرجى قراءة ما تود السلطة الصحية إبلاغك به:"),
    },
    RELEASED: {
        "en": ("News from the health authority", "What we told you has changed. Please read what holds now:"),
        "fr": ("Du nouveau de l'autorité sanitaire", "Ce que nous vous avions dit a changé. Veuillez lire :"),
        "ar": ("جديد من السلطة الصحية", "تغيّر ما أبلغناك به. يرجى قراءة ما يسري الآن:"),
    },
}


class NotNow(Exception):
    """The mail server or the gateway can't be reached, or refuses to serve us; no contact can be notified now."""


class Deferred(Exception):
    """An address of this contact is refused for now."""


class Unknown(Exception):
    """No such mailbox or number."""


@dataclass(frozen=True)
class Notifier:
    """Sends by SMTP and by an SMS gateway.

    Attributes:
        sms_url: base URL of the gateway, as services/sms describes it.
        pages: base URL of the contacts' pages.
        username: of our account at the mail server; empty is without signing in.
        starttls: encrypt the connection to the mail server, and verify its certificate.
    """

    host: str
    port: int
    sender: str
    sms_url: str
    sms_api_key: str
    pages: str
    username: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = False

    def tell(self, contact: Contact, template: str) -> bool:
        """Send the contact a message by whichever address takes it; returns whether one did.

        Raises:
            NotNow: no contact can be notified now.
            Deferred: none of the addresses takes it now, but one may later.
        """
        is_deferred = False
        for address, send in ((contact.email, self._mail), (contact.phone, self._text)):
            if not address:
                continue
            try:
                send(contact, template)
            except Unknown:
                continue
            except Deferred:
                is_deferred = True
                continue
            return True
        if is_deferred:
            raise Deferred
        return False

    def forget(self, contact: Contact) -> None:
        """Have the gateway delete what it was given for this contact; a mail is in the contact's own mailbox.

        Raises:
            NotNow: the gateway can't be reached now.
            Deferred: it fails on this contact's messages now.
        """
        for template in TEXTS:
            params = {"key": _key(template, contact)}
            self._ask_gateway("DELETE", params=params)

    def _mail(self, contact: Contact, template: str) -> None:
        subject, text = _texts(contact, template)
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, contact.email, subject
        message["Message-ID"] = f"<{_key(template, contact)}@government.example>"
        message.set_content(f"{text}\n\n{self._link(contact)}\n")
        with contextlib.closing(self._connect()) as server:
            try:
                server.send_message(message)
            except (OSError, smtplib.SMTPException) as error:
                raise _refusal(error) from None
            # it has the message, whatever it answers to this
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()

    def _connect(self) -> smtplib.SMTP:
        """A connection to the mail server on which we are signed in; no failure until then is a contact's own."""
        try:
            with contextlib.ExitStack() as on_failure:
                server = smtplib.SMTP(self.host, self.port, timeout=10)
                on_failure.callback(server.close)
                if self.starttls:
                    server.starttls(context=ssl.create_default_context())
                if self.username:
                    server.login(self.username, self.password)
                on_failure.pop_all()
        except smtplib.SMTPAuthenticationError:
            log.error("the mail server refuses mail.username or mail.password")
            raise NotNow from None
        except (OSError, smtplib.SMTPException):
            raise NotNow from None
        return server

    def _text(self, contact: Contact, template: str) -> None:
        _, text = _texts(contact, template)
        body = {"to": contact.phone, "text": f"{text} {self._link(contact)}"}
        answer = self._ask_gateway("POST", json=body, headers={"Idempotency-Key": _key(template, contact)})
        if not answer.ok:
            raise Unknown

    def _ask_gateway(self, method: str, headers: dict[str, str] | None = None, **options: Any) -> requests.Response:
        headers = {"X-API-Key": self.sms_api_key, **(headers or {})}
        try:
            answer = request(method, f"{self.sms_url}/v1/messages", headers=headers, timeout=10, **options)
        except requests.RequestException as error:
            raise NotNow from error
        if answer.status_code in (401, 403):
            log.error("the SMS gateway refuses the API key of sms.api_key")
            raise NotNow
        if answer.status_code == 500:
            raise Deferred
        if answer.status_code > 500 or answer.status_code == 429:
            raise NotNow
        return answer

    def _link(self, contact: Contact) -> str:
        return f"{self.pages}/contact/{contact.token}"


def _refusal(error: Exception) -> Exception:
    """What a mail's failure means once the server is connected, by its reply code (RFC 5321, 4.2.1)."""
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Unknown()
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        # none at all: there is no address in what was given as one
        code = next((code for code, _ in error.recipients.values()), 553)
    else:
        code = getattr(error, "smtp_code", 0)
    if isinstance(error, smtplib.SMTPSenderRefused) or code in WANTS_SIGN_IN:
        return NotNow()
    return Unknown() if 500 <= code < 600 else Deferred()


def _key(template: str, contact: Contact) -> str:
    """Names a message: a contact gets each once."""
    return f"{template}-{contact.id}"


def _texts(contact: Contact, template: str) -> tuple[str, str]:
    texts = TEXTS[template]
    return texts.get(contact.language, texts["en"])
