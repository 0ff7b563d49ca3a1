"""A clock for the records that a test advances, so that days pass in milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from records import queue


class Clock:
    """Replaces `datetime` in records.queue, which compares due times with it.

    Attributes:
        ahead: how far it is ahead of the real time.
    """

    def __init__(self, patch: pytest.MonkeyPatch):
        self.ahead = timedelta()
        patch.setattr(queue, "datetime", self)

    def now(self, zone: Any = UTC) -> datetime:
        return datetime.now(zone) + self.ahead

    def advance(self, span: timedelta) -> None:
        self.ahead += span


def simulate_hour(turn: Callable[[], Any], patch: pytest.MonkeyPatch) -> None:
    """Call `turn` once a second for a simulated hour."""
    simulate(turn, patch, timedelta(hours=1), timedelta(seconds=1))


def simulate(turn: Callable[[], Any], patch: pytest.MonkeyPatch, span: timedelta, every: timedelta) -> None:
    """Call `turn` at each interval `every` for a simulated time of `span`."""
    with patch.context() as patched:
        clock = Clock(patched)
        for _ in range(span // every):
            turn()
            clock.advance(every)
