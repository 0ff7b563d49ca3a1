"""List of erased cases in a file outside the databases: what was erased after a backup is erased again after a restore.

A case reference names no person, and no store has one any more for an erased case. Only backups do that are older.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


class ErasedCases:
    """Append-only list of case references, one a line. Several processes may add to it.

    Attributes:
        restored: file that a restore leaves beside the list, with the references in the list beside the backup.
    """

    def __init__(self, path: Path):
        self._path = path
        self.restored = path.with_suffix(".restored")

    def add(self, *references: str) -> None:
        """Append references; they are on disk when this returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # each begins a line: one that was cut short by a full disk doesn't spoil the next
        text = "".join(f"\n{reference}" for reference in references)
        with self._path.open("a") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def references(self) -> list[str]:
        """Return the references, each once, in the order of the erasures."""
        return _read(self._path)

    def mark_restored(self, references: Iterable[str]) -> None:
        """Note for the next upgrade that the databases were restored.

        Args:
            references: of the list beside the backup.
        """
        self.restored.parent.mkdir(parents=True, exist_ok=True)
        self.restored.write_text("\n".join(references))
        # the upgrade may run as another user
        self.restored.chmod(0o644)

    def add_restored(self) -> None:
        """Add the references that a restore has left."""
        self.add_missing(_read(self.restored))

    def add_missing(self, references: Iterable[str]) -> None:
        """Add those of the references that the list lacks."""
        known = set(self.references())
        if missing := [each for each in references if each not in known]:
            self.add(*missing)


def _read(path: Path) -> list[str]:
    return list(dict.fromkeys(path.read_text().split())) if path.exists() else []
