"""Forgets what the records have kept for long enough: `retention` in config/default.yaml."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

import peewee

log = logging.getLogger("webapp.housekeeping")

EVERY_S = 3600.0


class Forgets(Protocol):
    def forget_older_than(self, age: timedelta) -> None: ...


class Housekeeping:
    """Tidies up, by name of what is kept.

    Args:
        ages: from when on it is forgotten.
    """

    def __init__(self, kept: Mapping[str, Forgets], ages: Mapping[str, timedelta]):
        self._kept = kept
        self._ages = ages

    def run(self, stopping: threading.Event) -> None:
        """Forget what is old, now and every hour, until it is stopped."""
        self.tidy()
        while not stopping.wait(EVERY_S):
            self.tidy()

    def tidy(self) -> None:
        try:
            for name, kept in self._kept.items():
                kept.forget_older_than(self._ages[name])
        except peewee.PeeweeException as error:
            log.warning("nothing is forgotten: the records can't be reached (%s)", type(error).__name__)
