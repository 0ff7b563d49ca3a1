"""Retry schedules of the settings: growing pauses and maximum duration."""

from __future__ import annotations

from datetime import timedelta

import pytest

from config import settings as config
from records.retries import RetrySchedule

NAMES = tuple(config.Retries.model_fields)


def schedule(name: str) -> RetrySchedule:
    return RetrySchedule(**getattr(config.load().retries, name).model_dump())


@pytest.mark.parametrize("name", NAMES)
def test_pauses_grow_from_the_first_to_the_longest(name: str) -> None:
    retries = schedule(name)
    pauses = [retries.pause(attempts) for attempts in range(1, 100)]
    assert retries.first <= pauses[0] <= 1.2 * retries.first
    assert all(retries.pause(1000) >= earlier / 1.2 for earlier in pauses)
    assert retries.longest <= pauses[-1] <= 1.2 * retries.longest


def test_a_mail_is_retried_for_four_to_five_days_as_in_rfc_5321() -> None:
    """4.5.4.1: "the give-up time generally needs to be at least 4-5 days"."""
    retries = schedule("email")
    exhausted_at = next(attempts for attempts in range(1, 1000) if retries.is_exhausted(attempts))
    spent = sum((retries._nominal_pause(attempts) for attempts in range(1, exhausted_at)), timedelta())
    assert timedelta(days=4) <= spent < timedelta(days=5)
    assert timedelta(minutes=5) <= retries.pause(1) <= timedelta(minutes=30)
    assert 40 <= exhausted_at <= 60


@pytest.mark.parametrize("name", ["submissions", "lab_feed", "erasures"])
def test_submissions_lab_items_and_erasures_are_retried_without_end(name: str) -> None:
    assert not schedule(name).is_exhausted(1_000_000)
