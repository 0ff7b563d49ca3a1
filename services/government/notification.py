"""Messages to contacts by e-mail or SMS. They name no case and no result, and link to the contact's page."""

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
        "en": (
            "Message from the health authority",
            "The health authority has important information about your health. Read it here:",
        ),
        "fr": (
            "Message de l'autorité sanitaire",
            "L'autorité sanitaire a des informations importantes pour votre santé. Consultez-les ici :",
        ),
        "ar": ("رسالة من السلطة الصحية", "لدى السلطة الصحية معلومات مهمة تخص صحتك. يمكنك قراءتها هنا:"),
    },
    RELEASED: {
        "en": (
            "Update from the health authority",
            "The information in our last message has changed. Read the new information here:",
        ),
        "fr": (
            "Nouvelles informations de l'autorité sanitaire",
            "Les informations de notre dernier message ont changé. Consultez les nouvelles ici :",
        ),
        "ar": (
            "تحديث من السلطة الصحية",
            "تغيّرت المعلومات الواردة في رسالتنا الأخيرة. يمكنك قراءة المعلومات الجديدة هنا:",
        ),
    },
}


@dataclass(frozen=True)
class Notifier:
    """Sends messages by a mail server and an SMS gateway.

    Attributes:
        sender: sender's address of mails.
        pages: base URL of the contacts' pages.
    """

    mail: MailServer
    sender: str
    sms: SmsGateway
    pages: str

    def send(self, contact: Contact, template: str) -> bool:
        """Send a message to the contact's first address that accepts it; returns False if none does.

        Raises:
            ChannelUnavailable: no message can be sent now.
            Deferred: no address accepts it now, but one may later.
        """
        deferred = None
        for address, send in ((contact.email, self._send_mail), (contact.phone, self._send_sms)):
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

    def delete_messages(self, contact: Contact) -> None:
        """Delete the contact's messages at the SMS gateway; mails are in the contact's own mailbox.

        Raises:
            ChannelUnavailable: the gateway can't be reached now.
            Deferred: the gateway fails to delete this contact's messages now.
        """
        for template in TEXTS:
            # the gateway refuses the key of a message that it doesn't have
            with suppress(Undeliverable):
                self.sms.delete_message(_key(template, contact))

    def _send_mail(self, address: str, contact: Contact, template: str) -> None:
        subject, text = _texts(contact, template)
        text = f"{text}\n\n{self._link(contact)}\n"
        message_id = f"<{_key(template, contact)}@government.example>"
        self.mail.send(self.sender, address, subject, text, message_id)

    def _send_sms(self, number: str, contact: Contact, template: str) -> None:
        _, text = _texts(contact, template)
        self.sms.send(number, f"{text} {self._link(contact)}", _key(template, contact))

    def _link(self, contact: Contact) -> str:
        return f"{self.pages}/contact/{contact.token}"


def _key(template: str, contact: Contact) -> str:
    """Return the idempotency key of a message to a contact."""
    return f"{template}-{contact.id}"


def _texts(contact: Contact, template: str) -> tuple[str, str]:
    texts = TEXTS[template]
    return texts.get(contact.language, texts["en"])
