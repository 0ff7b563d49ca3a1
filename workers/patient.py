"""The patient's lane: what a case has to tell them, by the channel and in the language that they chose."""

from __future__ import annotations

from records.outbox import Outbox
from workers.outside import effect_key
from workers.topics import topic


@topic("patient.notify")
def notify(
    case_reference: str,
    notice: str,
    notice_number: str,
    channel: str,
    email: str,
    phone: str,
    language: str,
    outbox: Outbox,
) -> None:
    key = effect_key(case_reference, notice, notice_number)
    tell(outbox, key, notice, channel, email, phone, language)


def tell(
    outbox: Outbox, key: str, notice: str, channel: str, email: str | None, phone: str | None, language: str
) -> None:
    """Keep a message to the patient until it is sent.

    Args:
        key: the effect's: case reference, step, occurrence.
        notice: which of the texts of workers/messages.py.
    """
    recipient = email if channel == "email" else phone
    outbox.add(key, channel, recipient or "", notice, language)
