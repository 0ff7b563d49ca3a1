"""Tells a contact by e-mail or SMS. No message names the case or a result; its link opens the contact's page."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from hosting.clients.delivery import Deferred, Undeliverable
from hosting.clients.mail import MailServer
from hosting.clients.sms import SmsGateway
from services.government.models import Contact

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


@dataclass(frozen=True)
class Notifier:
    """Sends by a mail server and by an SMS gateway.

    Attributes:
        sender: address that mails come from.
        pages: base URL of the contacts' pages.
    """

    mail: MailServer
    sender: str
    sms: SmsGateway
    pages: str

    def tell(self, contact: Contact, template: str) -> bool:
        """Send the contact a message by whichever address takes it; returns whether one did.

        Raises:
            ChannelUnavailable: no contact can be notified now.
            Deferred: none of the addresses takes it now, but one may later.
        """
        deferred = None
        for address, send in ((contact.email, self._mail), (contact.phone, self._text)):
            if not address:
                continue
            try:
                send(address, contact, template)
            except Undeliverable:
                continue
            except Deferred as error:
                deferred = error
                continue
            return True
        if deferred:
            raise deferred
        return False

    def forget(self, contact: Contact) -> None:
        """Have the gateway delete what it was given for this contact; a mail is in the contact's own mailbox.

        Raises:
            ChannelUnavailable: the gateway can't be reached now.
            Deferred: it fails on this contact's messages now.
        """
        for template in TEXTS:
            # it refuses the key of a message that it doesn't have
            with suppress(Undeliverable):
                self.sms.delete_message(_key(template, contact))

    def _mail(self, address: str, contact: Contact, template: str) -> None:
        subject, text = _texts(contact, template)
        text = f"{text}\n\n{self._link(contact)}\n"
        message_id = f"<{_key(template, contact)}@government.example>"
        self.mail.send(self.sender, address, subject, text, message_id)

    def _text(self, number: str, contact: Contact, template: str) -> None:
        _, text = _texts(contact, template)
        self.sms.send(number, f"{text} {self._link(contact)}", _key(template, contact))

    def _link(self, contact: Contact) -> str:
        return f"{self.pages}/contact/{contact.token}"


def _key(template: str, contact: Contact) -> str:
    """Names a message: a contact gets each once."""
    return f"{template}-{contact.id}"


def _texts(contact: Contact, template: str) -> tuple[str, str]:
    texts = TEXTS[template]
    return texts.get(contact.language, texts["en"])
