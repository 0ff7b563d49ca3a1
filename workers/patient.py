"""The patient's lane: notices by the channel and in the language that they chose, and the days of their diary."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from camunda7.inputs.days import today
from camunda7.inputs.place import Place
from camunda7.worker import topic
from records.outbox import Outbox
from workers import diary as diaries
from workers.diary import Illness


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


@topic("patient.record_day")
def record_day(
    diary: list[dict[str, Any]],
    feeling: str,
    day_temperature_c: float,
    fever_medicine: str,
    spo2: int,
    pulse: int,
    breathless: bool,
    unable_to_eat_or_drink: bool,
    day_note: str,
    day_status: str,
    red_at: datetime,
    onset_date: str,
    lab_result: str,
    last_exposure_date: str,
    sample_taken_at: datetime,
    body_temperature_c: float,
    policy: dict[str, Any],
    *,
    place: Place,
) -> dict[str, Any]:
    """Add today to the diary, reset the answers for tomorrow, and set what the decision release needs."""
    answers = (feeling, day_temperature_c, fever_medicine, spo2, pulse, breathless, unable_to_eat_or_drink, day_note)
    now = today(place.zone)
    reported = dict(zip(diaries.ANSWERS, answers, strict=True))
    called_after = {diaries.CALLED_AFTER: diaries.count_seconds_to_call(red_at, datetime.now(UTC))}
    days = diaries.add_day(diary or [], {"day": now.isoformat(), "status": day_status, **reported, **called_after})
    is_positive = lab_result == "positive"
    illness = Illness(onset_date, sample_taken_at, body_temperature_c, is_positive, last_exposure_date)
    last_day = diaries.find_last_day_of_isolation(illness, policy, place)
    fever = diaries.find_last_day_of_fever(days, illness, policy, place)
    return diaries.summarize_day(days, illness, last_day, fever, now, policy)


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
