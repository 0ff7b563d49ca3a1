"""The patient's lane: what a case has to tell them, by the channel and in the language that they chose."""

from __future__ import annotations

from camunda7.worker import topic
from records.outbox import Outbox


@topic("patient.notify", occurrence=("notice", "notice_number"))
def notify(
    notice: str,
    channel: str,
    email: str,
    phone: str,
    language: str,
    effect_key: str,
    *,
    outbox: Outbox,
) -> None:
    tell(outbox, effect_key, notice, channel, email, phone, language)


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
