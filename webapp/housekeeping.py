"""Forgets what the records have kept for long enough: `retention` in config/default.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

INTERVAL_S = 3600.0


class Forgets(Protocol):
    def delete_older_than(self, age: timedelta) -> None: ...


class Housekeeping:
    """Tidies up, by name of what is kept.

    Args:
        ages: from when on it is forgotten.
    """

    def __init__(self, kept: Mapping[str, Forgets], ages: Mapping[str, timedelta]):
        self._kept = kept
        self._ages = ages

    def run(self) -> None:
        """Forget what is old. What can't be forgotten holds up nothing else.

        Raises:
            Exception: the first error, when all else is done.
        """
        errors = [error for name in self._kept if (error := self._forget(name))]
        if errors:
            raise errors[0]

    def _forget(self, name: str) -> Exception | None:
        try:
            self._kept[name].delete_older_than(self._ages[name])
        except Exception as error:
            return error
        return None
