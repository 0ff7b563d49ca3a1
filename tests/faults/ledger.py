"""A ledger: who asked for what and what was answered, one line each, written before the answer leaves. Nothing in it is
ever changed, so that it tells what happened whatever the databases say.
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
    """Lines of JSON in a file, to which several processes may add."""

    def __init__(self, path: Path):
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, **entry: Any) -> None:
        os.write(self._file, json.dumps({"at": time.time(), **entry}).encode() + b"\n")

    def entries(self) -> list[dict[str, Any]]:
        """All lines; the last may be cut off where a process was killed."""
        lines = self._path.read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in lines]


def done(entries: Iterable[dict[str, Any]]) -> Counter[str]:
    """How often each key had an effect: asked for, accepted, and not answered from memory."""
    return Counter(entry["key"] for entry in entries if entry["status"] < 300 and not entry["repeated"])


def doubled(entries: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Keys that had an effect more than once."""
    return {key: times for key, times in done(entries).items() if times > 1}


def redelivered(entries: Iterable[dict[str, Any]]) -> int:
    """How often something was asked for that had been done already."""
    return sum(entry["repeated"] for entry in entries)
