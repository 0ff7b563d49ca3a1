"""Tells a contact by e-mail or SMS. No message names the case or a result; its link opens the contact's page."""

from __future__ import annotations

import contextlib
import smtplib
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import requests

from services.government.models import Contact
from services.http_client import request

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
    """Neither server could be reached; the contact is told later."""


class Unknown(Exception):
    """No such mailbox or number."""


@dataclass(frozen=True)
class Notifier:
    """Sends by SMTP and by an SMS gateway.

    Attributes:
        sms_url: base URL of the gateway, as services/sms describes it.
        pages: base URL of the contacts' pages.
    """

    host: str
    port: int
    sender: str
    sms_url: str
    sms_api_key: str
    pages: str

    def tell(self, contact: Contact, template: str) -> bool:
        """Send the contact a message by whichever address takes it; returns whether one did.

        Raises:
            NotNow: try again later.
        """
        for address, send in ((contact.email, self._mail), (contact.phone, self._text)):
            if not address:
                continue
            try:
                send(contact, template)
            except Unknown:
                continue
            return True
        return False

    def forget(self, contact: Contact) -> None:
        """Have the gateway delete what it was given for this contact; a mail is in the contact's own mailbox.

        Raises:
            NotNow: try again later.
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
        try:
            with contextlib.closing(smtplib.SMTP(self.host, self.port, timeout=10)) as server:
                server.send_message(message)
                # it has the message, whatever it says to this
                with contextlib.suppress(OSError, smtplib.SMTPException):
                    server.quit()
        except smtplib.SMTPNotSupportedError:
            raise Unknown from None
        except (OSError, smtplib.SMTPException) as error:
            raise (Unknown if _is_final(error) else NotNow) from None

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
        if answer.status_code >= 500:
            raise NotNow
        return answer

    def _link(self, contact: Contact) -> str:
        return f"{self.pages}/contact/{contact.token}"


def _is_final(error: Exception) -> bool:
    """Whether the server won't take this mail later either: it has answered 5xx to the recipient or the text."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        [(code, _)] = error.recipients.values()
        return 500 <= code < 600
    return isinstance(error, smtplib.SMTPDataError) and 500 <= error.smtp_code < 600


def _key(template: str, contact: Contact) -> str:
    """Names a message: a contact gets each once."""
    return f"{template}-{contact.id}"


def _texts(contact: Contact, template: str) -> tuple[str, str]:
    texts = TEXTS[template]
    return texts.get(contact.language, texts["en"])
