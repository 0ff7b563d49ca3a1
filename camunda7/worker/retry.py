"""Retry policy of failed tasks: exponential back-off with full jitter, counted down to an incident."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_ATTEMPTS = re.compile(r"[0-9]{1,4}")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
PROPERTY = "retry."
# a longer pause must be a mistake: the task would wait without an incident
MAX_PAUSE_S = 366 * 24 * 3600.0


class InvalidRetry(ValueError):
    """A retry policy is invalid; the message names the part, and the expected value."""


@dataclass(frozen=True)
class Retry:
    """Number of attempts of a task, and pauses after failures.

    Attributes:
        attempts: total number of deliveries; after the last failure the engine raises an incident.
        first: maximum pause after the first failure: "500ms", "2s", "5m", "1h". It doubles with each failure.
        most: upper limit of the pause.

    Raises:
        InvalidRetry: less than one attempt, or an invalid duration or one longer than a year.
    """

    attempts: int = 6
    first: str = "1s"
    most: str = "2m"

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise InvalidRetry(f"attempts: {self.attempts} is less than 1")
        _check_duration("first", self.first)
        _check_duration("most", self.most)

    def pause_s(self, failures: int) -> float:
        """Return a random pause in seconds after this number of failures, from 1."""
        longest = min(_seconds(self.most), _seconds(self.first) * 2 ** min(failures - 1, 30))
        return random.uniform(0, longest)

    def override(self, properties: Mapping[str, str | None]) -> Retry:
        """Return this policy, overridden by a BPMN task's `camunda:property`: retry.attempts, retry.first, retry.most.

        Raises:
            InvalidRetry: a property has another name, or is invalid.
        """
        changed = {
            name.removeprefix(PROPERTY): value for name, value in properties.items() if name.startswith(PROPERTY)
        }
        unknown = changed.keys() - {"attempts", "first", "most"}
        if unknown:
            raise InvalidRetry(f"{PROPERTY}{unknown.pop()}: there are retry.attempts, retry.first and retry.most")
        if not changed:
            return self
        attempts = changed.pop("attempts", str(self.attempts))
        if not isinstance(attempts, str) or not _ATTEMPTS.fullmatch(attempts):
            raise InvalidRetry(f"attempts: {attempts!r} is no whole number from 1 to 9999")
        durations = {name: _check_duration(name, text) for name, text in changed.items()}
        return replace(self, attempts=int(attempts), **durations)


def _check_duration(name: str, text: object) -> str:
    """Check and return a duration.

    Raises:
        InvalidRetry: it is invalid, or longer than a year.
    """
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        raise InvalidRetry(f"{name}: {text!r} is no duration such as 500ms, 2s, 5m or 1h")
    if _seconds(text) > MAX_PAUSE_S:
        raise InvalidRetry(f"{name}: {text!r} is longer than a year")
    return text


def _seconds(duration: str) -> float:
    match = _DURATION.fullmatch(duration)
    assert match, "checked by _check_duration()"
    return float(match[1]) * _SECONDS[match[2]]
