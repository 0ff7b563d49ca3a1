"""Sends the messages that wait in the records' outbox, by SMTP: each once, but for a crash in between.

SMTP can't be exactly once, so each message has a Message-ID made of its key. None shows a name or a result.
"""

from __future__ import annotations

import hashlib
import logging
import smtplib
import threading
from email.message import EmailMessage

from records.outbox import Message, Outbox

log = logging.getLogger("workers.mailer")

TEXTS = {
    "result_there": (
        "There is news for you",
        "There is news on your page of CoronaCare. Please sign in to read it.",
    ),
    "report_there": (
        "The doctor has written to you",
        "The doctor's report is on your page of CoronaCare. Please sign in to read it.",
    ),
}


class Mailer:
    """Sends what waits until it is stopped.

    Args:
        page: the address of the patients' sign-in, which each message links to.
    """

    def __init__(self, outbox: Outbox, host: str, port: int, sender: str, page: str, interval_s: float):
        self._outbox = outbox
        self._host, self._port, self._sender, self._page = host, port, sender, page
        self._interval_s = interval_s

    def run(self, stopping: threading.Event) -> None:
        reachable = True
        while not stopping.wait(self._interval_s):
            try:
                self.send_waiting()
                reachable = True
            except OSError as error:
                if reachable:
                    log.warning("messages wait: no answer from the mail server (%s)", type(error).__name__)
                reachable = False

    def send_waiting(self) -> int:
        """Send what waits; returns how many were sent. What the server refuses is kept as refused, and told."""
        claimed = self._outbox.claim()
        if not claimed:
            return 0
        sent = 0
        try:
            with smtplib.SMTP(self._host, self._port, timeout=10) as server:
                while claimed:
                    sent += self._send(server, claimed[0])
                    del claimed[0]
        finally:
            for message in claimed:
                self._outbox.give_back(message)
        return sent

    def _send(self, server: smtplib.SMTP, message: Message) -> bool:
        try:
            server.send_message(self._email(message))
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError):
            self._outbox.refused(message)
            log.warning("a message was refused by the mail server: %s", message.key)
            return False
        self._outbox.sent(message)
        return True

    def _email(self, message: Message) -> EmailMessage:
        subject, text = TEXTS[message.template]
        email = EmailMessage()
        email["From"], email["To"], email["Subject"] = self._sender, message.recipient, subject
        email["Message-ID"] = f"<{hashlib.sha256(message.key.encode()).hexdigest()[:32]}@coronacare.example>"
        email.set_content(f"{text}\n\n{self._page}\n")
        return email
