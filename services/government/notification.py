"""Tells a contact by e-mail. The message names neither the case nor a result; its link opens the contact's page."""

from __future__ import annotations

import smtplib
from dataclasses import dataclass
from email.message import EmailMessage

from services.government.models import Contact

SUBJECT = "A message from the health authority"
TEXT = """Please read what the health authority has to tell you, and what to do:

{link}

The link is for you alone.
"""


class MailServerUnavailable(Exception):
    """The mail server can't be reached; the contact is told later."""


@dataclass(frozen=True)
class Notifier:
    """Sends by SMTP.

    Attributes:
        pages: base URL of the contacts' pages.
    """

    host: str
    port: int
    sender: str
    pages: str

    def notify(self, contact: Contact) -> bool:
        """Tell the contact; returns whether the mail server took the message."""
        if not contact.email:
            return False
        try:
            with smtplib.SMTP(self.host, self.port, timeout=10) as server:
                server.send_message(self._message(contact))
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError):
            return False
        except OSError as error:
            raise MailServerUnavailable from error
        return True

    def _message(self, contact: Contact) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, contact.email, SUBJECT
        message["Message-ID"] = f"<contact-{contact.id}@government.example>"
        message.set_content(TEXT.format(link=f"{self.pages}/contact/{contact.token}"))
        return message
