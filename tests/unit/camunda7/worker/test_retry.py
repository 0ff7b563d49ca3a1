"""Retry policies: number of attempts and pauses."""

from __future__ import annotations

import random
from typing import Any

import pytest

from camunda7.worker import Retry
from camunda7.worker.retry import InvalidRetry


@pytest.fixture
def ranges(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """The ranges from which the random pauses were drawn."""
    drawn: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return high

    monkeypatch.setattr(random, "uniform", draw)
    return drawn


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"attempts": 0}, "attempts: 0 is less than 1"),
        ({"first": "soon"}, "first: 'soon' is no duration such as 500ms, 2s, 5m or 1h"),
        ({"most": "5 m"}, "most: '5 m' is no duration such as 500ms, 2s, 5m or 1h"),
    ],
)
def test_an_invalid_policy_is_refused(policy: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRetry) as raised:
        Retry(**policy)
    assert str(raised.value) == message


def test_a_policy_may_allow_one_attempt_only() -> None:
    assert Retry(attempts=1).attempts == 1


def test_the_default_policy_is_six_attempts_with_pauses_of_up_to_two_minutes() -> None:
    assert Retry() == Retry(attempts=6, first="1s", most="2m")


def test_the_pause_doubles_with_each_failure_up_to_the_maximum(ranges: list[tuple[float, float]]) -> None:
    retry = Retry(first="500ms", most="1m")
    pauses = [retry.pause_s(failures) for failures in (1, 2, 3, 4, 7, 8, 9, 5000)]
    assert pauses == [0.5, 1, 2, 4, 32, 60, 60, 60]
    assert ranges == [(0, pause) for pause in pauses]


@pytest.mark.parametrize(("text", "seconds"), [("250ms", 0.25), ("1.5s", 1.5), ("2m", 120), ("1h", 3600)])
def test_durations_are_read_in_milliseconds_seconds_minutes_and_hours(
    ranges: list[tuple[float, float]], text: str, seconds: float
) -> None:
    assert Retry(first=text, most="9h").pause_s(1) == seconds


@pytest.mark.parametrize(
    ("properties", "policy"),
    [
        ({"colour": "red"}, Retry(attempts=9)),
        ({"retry.first": "3s"}, Retry(attempts=9, first="3s")),
        ({"retry.attempts": "2", "colour": "red"}, Retry(attempts=2)),
        ({"retry.attempts": "1", "retry.first": "3s", "retry.most": "9s"}, Retry(1, "3s", "9s")),
    ],
)
def test_extension_properties_override_the_policy(properties: dict[str, str], policy: Retry) -> None:
    assert Retry(attempts=9).override(properties) == policy


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"retry.attempts": "two"}, "attempts: 'two' is no whole number from 1 to 9999"),
        ({"retry.attempts": "-1"}, "attempts: '-1' is no whole number from 1 to 9999"),
        ({"retry.attempts": "0"}, "attempts: 0 is less than 1"),
        ({"retry.often": "3s"}, "retry.often: there are retry.attempts, retry.first and retry.most"),
    ],
)
def test_the_error_names_an_invalid_extension_property(properties: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidRetry) as raised:
        Retry().override(properties)
    assert str(raised.value) == message
