"""Messages to contacts by e-mail or SMS. They name no case and no result, and link to the contact's page."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from hosting.clients.delivery import Deferred, Undeliverable
from hosting.clients.mail import MailServer
from hosting.clients.sms import SmsGateway
from services.government.models import Contact

EXPOSED, RELEASED = "exposed", "released"
ENGLISH, FRENCH, ARABIC = "en", "fr", "ar"
# template → language → subject, text before the link
TEXTS = {
    EXPOSED: {
        ENGLISH: (
            "Health authority: you were close to someone with COVID-19",
            "Message from the health authority: you were close to someone with COVID-19. Read what to do "
            "now, and until when:",
        ),
        FRENCH: (
            "Autorité sanitaire : vous avez été en contact avec une personne atteinte de la COVID-19",
            "Message de l'autorité sanitaire : vous avez été en contact rapproché avec une personne atteinte de la "
            "COVID-19. Consultez ce que vous devez faire, et jusqu'à quand :",
        ),
        ARABIC: (
            "السلطة الصحية: خالطت شخصًا مصابًا بكوفيد-19",
            "رسالة من السلطة الصحية: كنت قريبًا من شخص مصاب بكوفيد-19. اقرأ ما عليك فعله الآن وإلى متى:",
        ),
    },
    RELEASED: {
        ENGLISH: (
            "Health authority: the information for you has changed",
            "Message from the health authority: the information in our last message has changed. Read the new "
            "information here:",
        ),
        FRENCH: (
            "Autorité sanitaire : les informations qui vous concernent ont changé",
            "Message de l'autorité sanitaire : les informations de notre dernier message ont changé. Consultez les "
            "nouvelles ici :",
        ),
        ARABIC: (
            "السلطة الصحية: تغيّرت المعلومات الخاصة بك",
            "رسالة من السلطة الصحية: تغيّرت المعلومات الواردة في رسالتنا الأخيرة. يمكنك قراءة المعلومات الجديدة هنا:",
        ),
    },
}
# language → what follows the link of a mail: why, and how to check it. In Arabic, isolates keep the number's groups in
# their order.
MAIL_NOTES = {
    ENGLISH: (
        "You're getting this email because a person with COVID-19 named you as a close contact. CoronaCare sends it "
        "for the health authority. You don't need an account, and we never ask for money, passwords or bank details. "
        "To check that an email is from us, call {phone}."
    ),
    FRENCH: (
        "Vous recevez ce message car une personne atteinte de la COVID-19 a indiqué votre nom parmi ses contacts "
        "rapprochés. CoronaCare l'envoie pour l'autorité sanitaire. Vous n'avez pas besoin de compte, et nous ne "
        "demandons jamais d'argent, de mot de passe ni de coordonnées bancaires. Pour vérifier qu'un message vient de "
        "nous, appelez le {phone}."
    ),
    ARABIC: (
        "تصلك هذه الرسالة لأن شخصًا مصابًا بكوفيد-19 ذكر اسمك ضمن مخالطيه المقرّبين. ترسلها CoronaCare نيابةً عن السلطة "
        "الصحية. لا تحتاج إلى حساب، ونحن لا نطلب أبدًا مالًا أو كلمات مرور أو بيانات مصرفية. للتحقق من أن الرسالة منا، "
        "اتصل بالرقم \u2066{phone}\u2069."
    ),
}
# language → what follows the link of an SMS
SMS_NOTES = {
    ENGLISH: "To check that this is from us, call {phone}.",
    FRENCH: "Pour vérifier que ce message vient de nous, appelez le {phone}.",
    ARABIC: "للتحقق من أن الرسالة منا، اتصل بالرقم \u2066{phone}\u2069.",
}


@dataclass(frozen=True)
class Notifier:
    """Sends messages by a mail server and an SMS gateway.

    Attributes:
        sender: sender's address of mails.
        pages: base URL of the contacts' pages.
        phone: number that contacts call to check a message.
    """

    mail: MailServer
    sender: str
    sms: SmsGateway
    pages: str
    phone: str

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
        text = f"{text}\n\n{self._link(contact)}\n\n{self._note(MAIL_NOTES, contact)}\n"
        message_id = f"<{_key(template, contact)}@government.example>"
        self.mail.send(self.sender, address, subject, text, message_id)

    def _send_sms(self, number: str, contact: Contact, template: str) -> None:
        _, text = _texts(contact, template)
        self.sms.send(number, f"{text} {self._link(contact)} {self._note(SMS_NOTES, contact)}", _key(template, contact))

    def _note(self, notes: dict[str, str], contact: Contact) -> str:
        return notes.get(contact.language, notes[ENGLISH]).format(phone=self.phone)

    def _link(self, contact: Contact) -> str:
        return f"{self.pages}/contact/{contact.token}"


def _key(template: str, contact: Contact) -> str:
    """Return the idempotency key of a message to a contact."""
    return f"{template}-{contact.id}"


def _texts(contact: Contact, template: str) -> tuple[str, str]:
    texts = TEXTS[template]
    return texts.get(contact.language, texts[ENGLISH])
