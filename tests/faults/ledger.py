"""A ledger: an append-only file with a line for each request and its status, written before the answer is sent.

It is independent of the databases, so that a test can compare both.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class Ledger:
    """A file of JSON lines, to which several processes may append."""

    def __init__(self, path: Path):
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def append(self, **entry: Any) -> None:
        os.write(self._file, json.dumps({"at": time.time(), **entry}).encode() + b"\n")

    def entries(self) -> list[dict[str, Any]]:
        """All complete lines; a killed process may leave a partial one at the end."""
        lines = self._path.read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in lines]


def count_effects(entries: Iterable[dict[str, Any]]) -> Counter[str]:
    """Number of effects by idempotency key: accepted requests without those answered as a repetition."""
    return Counter(entry["key"] for entry in entries if entry["status"] < 300 and not entry["repeated"])


def doubled(entries: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Number of effects by idempotency key, of keys with more than one."""
    return {key: times for key, times in count_effects(entries).items() if times > 1}


def redelivered(entries: Iterable[dict[str, Any]]) -> int:
    """Number of requests that were answered as a repetition."""
    return sum(entry["repeated"] for entry in entries)
