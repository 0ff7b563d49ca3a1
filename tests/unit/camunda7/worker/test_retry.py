"""How often, and after which pauses."""

from __future__ import annotations

import random
from typing import Any

import pytest

from camunda7.worker import Retry
from camunda7.worker.retry import InvalidRetry


@pytest.fixture
def ranges(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """What pauses were drawn from."""
    drawn: list[tuple[float, float]] = []

    def draw(least: float, most: float) -> float:
        drawn.append((least, most))
        return most

    monkeypatch.setattr(random, "uniform", draw)
    return drawn


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"attempts": 0}, "attempts: 0 is less than 1"),
        ({"first": "soon"}, "first: 'soon' is no duration such as 500ms, 2s, 5m or 1h"),
        ({"most": "5 m"}, "most: '5 m' is no duration such as 500ms, 2s, 5m or 1h"),
    ],
)
def test_a_wrong_policy_is_refused(policy: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRetry) as refused:
        Retry(**policy)
    assert str(refused.value) == said


def test_a_task_may_be_tried_once_only() -> None:
    assert Retry(attempts=1).attempts == 1


def test_without_a_word_there_are_six_attempts_within_minutes() -> None:
    assert Retry() == Retry(attempts=6, first="1s", most="2m")


def test_a_pause_doubles_with_each_failure_up_to_the_longest(ranges: list[tuple[float, float]]) -> None:
    retry = Retry(first="500ms", most="1m")
    pauses = [retry.pause_s(failures) for failures in (1, 2, 3, 4, 7, 8, 9, 5000)]
    assert pauses == [0.5, 1, 2, 4, 32, 60, 60, 60]
    assert ranges == [(0, pause) for pause in pauses]


@pytest.mark.parametrize(("text", "seconds"), [("250ms", 0.25), ("1.5s", 1.5), ("2m", 120), ("1h", 3600)])
def test_durations(ranges: list[tuple[float, float]], text: str, seconds: float) -> None:
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
def test_properties_of_the_diagram_change_a_policy(properties: dict[str, str], policy: Retry) -> None:
    assert Retry(attempts=9).override(properties) == policy


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"retry.attempts": "two"}, "attempts: 'two' is no whole number from 1 to 9999"),
        ({"retry.attempts": "-1"}, "attempts: '-1' is no whole number from 1 to 9999"),
        ({"retry.attempts": "0"}, "attempts: 0 is less than 1"),
        ({"retry.often": "3s"}, "retry.often: there are retry.attempts, retry.first and retry.most"),
    ],
)
def test_properties_that_can_not_be_read_are_named(properties: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidRetry) as refused:
        Retry().override(properties)
    assert str(refused.value) == said
