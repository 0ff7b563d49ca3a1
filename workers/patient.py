"""The patient's lane: notices to the patient, by the channel and in the language that they chose."""

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
    queue_notice(outbox, effect_key, notice, channel, email, phone, language)


def queue_notice(
    outbox: Outbox, key: str, notice: str, channel: str, email: str | None, phone: str | None, language: str
) -> None:
    """Add a message to the patient to the outbox.

    Args:
        key: the effect key: case reference, step, occurrence.
        notice: key of the text in workers/messages.py.
    """
    recipient = email if channel == "email" else phone
    outbox.add(key, channel, recipient or "", notice, language)
