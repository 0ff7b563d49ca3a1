"""When a failed task is tried again: exponential back-off with full jitter, counted down to an incident."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
_ATTEMPTS = re.compile(r"[0-9]{1,4}")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
PROPERTY = "retry."
# a longer pause is a mistake: the engine would keep the task, and no incident would say so
MAX_PAUSE_S = 366 * 24 * 3600.0


class WrongRetry(ValueError):
    """A retry policy can't be read; says which part of it, and what is expected."""


@dataclass(frozen=True)
class Retry:
    """How often a task is tried, and how long after a failure.

    Attributes:
        attempts: deliveries in all; after the last the engine raises an incident.
        first: the longest pause after the first failure: "500ms", "2s", "5m", "1h". It doubles with each failure.
        most: what it never exceeds.

    Raises:
        WrongRetry: less than one attempt, or a duration that can't be read or is longer than a year.
    """

    attempts: int = 6
    first: str = "1s"
    most: str = "2m"

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise WrongRetry(f"attempts: {self.attempts} is less than 1")
        _checked_duration("first", self.first)
        _checked_duration("most", self.most)

    def pause_s(self, failures: int) -> float:
        """How long to wait after this many failures (1 is the first), in seconds."""
        longest = min(_seconds(self.most), _seconds(self.first) * 2 ** min(failures - 1, 30))
        return random.uniform(0, longest)

    def overridden(self, properties: Mapping[str, str | None]) -> Retry:
        """This policy with what the BPMN task's `camunda:property`s say: retry.attempts, retry.first, retry.most.

        Raises:
            WrongRetry: one has another name, or can't be read.
        """
        changed = {
            name.removeprefix(PROPERTY): value for name, value in properties.items() if name.startswith(PROPERTY)
        }
        unknown = changed.keys() - {"attempts", "first", "most"}
        if unknown:
            raise WrongRetry(f"{PROPERTY}{unknown.pop()}: there are retry.attempts, retry.first and retry.most")
        if not changed:
            return self
        attempts = changed.pop("attempts", str(self.attempts))
        if not isinstance(attempts, str) or not _ATTEMPTS.fullmatch(attempts):
            raise WrongRetry(f"attempts: {attempts!r} is no whole number from 1 to 9999")
        durations = {name: _checked_duration(name, text) for name, text in changed.items()}
        return replace(self, attempts=int(attempts), **durations)


def _checked_duration(name: str, text: object) -> str:
    """The text of a policy's duration.

    Raises:
        WrongRetry: it is none, or longer than a year.
    """
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        raise WrongRetry(f"{name}: {text!r} is no duration such as 500ms, 2s, 5m or 1h")
    if _seconds(text) > MAX_PAUSE_S:
        raise WrongRetry(f"{name}: {text!r} is longer than a year")
    return text


def _seconds(duration: str) -> float:
    match = _DURATION.fullmatch(duration)
    assert match, "was looked at before"
    return float(match[1]) * _SECONDS[match[2]]
