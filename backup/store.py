"""The folder of encrypted backups."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from backup.errors import BackupError
from backup.retention import select_expired

NAME = "coronacare-%Y%m%dT%H%M%SZ.tar.gz.age"
ANY_NAME = re.compile(r"coronacare-\d{8}T\d{6}Z\.tar\.gz\.age")
PARTIAL = ".partial"


class Store:
    """Backups in a folder, named by their time.

    Attributes:
        erased_cases: the list of erased cases at the time of the latest backup.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self.erased_cases = folder / "erased-cases.txt"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from writing backups.

        Raises:
            BackupError: another process writes one, or the folder can't be written.
        """
        with self._open_lock() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupError("another backup is being written") from None
            yield

    def _open_lock(self) -> IO[str]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return (self._folder / ".lock").open("w")
        except OSError as error:
            raise BackupError(f"{self._folder} can't be written: {error.strerror}") from None

    @contextmanager
    def new_file(self) -> Iterator[Path]:
        """Yield the path of a temporary file, of mode 600, that becomes the latest backup unless an error is raised."""
        for abandoned in self._folder.glob(f"*{PARTIAL}"):
            abandoned.unlink()
        path = self._folder / datetime.now(UTC).strftime(NAME)
        draft = path.with_name(path.name + PARTIAL)
        try:
            draft.touch(0o600)
            yield draft
            draft.replace(path)
            _sync(self._folder)
        finally:
            draft.unlink(missing_ok=True)

    def delete_expired(self, keep_daily: int, keep_weekly: int) -> list[str]:
        """Delete the backups that aren't kept; returns their names."""
        files = {datetime.strptime(path.name, NAME): path for path in self.files()}
        expired = [files[time] for time in sorted(select_expired(files, keep_daily, keep_weekly))]
        for path in expired:
            path.unlink()
        return [path.name for path in expired]

    def files(self) -> list[Path]:
        """Return the complete backups, the latest last."""
        return sorted(path for path in self._folder.glob("*") if ANY_NAME.fullmatch(path.name))

    def find(self, name: str) -> Path:
        """Find a backup by its path, or by its name in this folder.

        Raises:
            BackupError: there is no such file.
        """
        for path in (Path(name), self._folder / name):
            if name and path.is_file():
                return path
        there = ", ".join(path.name for path in self.files()) or "none"
        raise BackupError(f"there is no backup {name!r}; in {self._folder}: {there}")


def verify(path: Path, digest: str) -> None:
    """Read a file back from the disk.

    Raises:
        BackupError: its content has another hash (SHA-256).
    """
    with path.open("rb") as file:
        os.fsync(file.fileno())
        if hasattr(os, "posix_fadvise"):
            # not from the page cache
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if hashlib.file_digest(file, "sha256").hexdigest() != digest:
            raise BackupError(f"{path.parent} doesn't return what was written to it: check the disk")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
