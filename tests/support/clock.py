"""Lets time pass for the records, so that a test of days takes moments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from records import queue


class Clock:
    """The time that due times go by.

    Attributes:
        ahead: of the real one.
    """

    def __init__(self, patch: pytest.MonkeyPatch):
        self.ahead = timedelta()
        patch.setattr(queue, "datetime", self)

    def now(self, zone: Any = UTC) -> datetime:
        return datetime.now(zone) + self.ahead

    def advance(self, span: timedelta) -> None:
        self.ahead += span


def passes_hour(turn: Callable[[], Any], patch: pytest.MonkeyPatch) -> None:
    """Take a turn each second of an hour."""
    passes(turn, patch, timedelta(hours=1), timedelta(seconds=1))


def passes(turn: Callable[[], Any], patch: pytest.MonkeyPatch, span: timedelta, every: timedelta) -> None:
    """Take a turn again and again for as long as `span`."""
    with patch.context() as patched:
        clock = Clock(patched)
        for _ in range(span // every):
            turn()
            clock.advance(every)
