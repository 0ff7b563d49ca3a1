"""Deletes records that are older than their retention: `retention` in config/default.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

INTERVAL_S = 3600.0


class Purgeable(Protocol):
    def delete_older_than(self, age: timedelta) -> None: ...


class Housekeeping:
    """Purges stores of the records.

    Args:
        stores: the stores, by name.
        retention: maximum age of the records of each store, by its name.
    """

    def __init__(self, stores: Mapping[str, Purgeable], retention: Mapping[str, timedelta]):
        self._stores = stores
        self._retention = retention

    def run(self) -> None:
        """Purge all stores. An error in one store doesn't stop the others.

        Raises:
            Exception: the first error, after all stores were tried.
        """
        errors = [error for name in self._stores if (error := self._purge(name))]
        if errors:
            raise errors[0]

    def _purge(self, name: str) -> Exception | None:
        try:
            self._stores[name].delete_older_than(self._retention[name])
        except Exception as error:
            return error
        return None
