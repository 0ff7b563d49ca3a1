"""Restores a backup to an empty folder. Nothing is changed before the whole backup is decrypted and checked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from pyrage import x25519

from backup.encryption import decrypt
from backup.errors import BackupError
from backup.programs import write_to

# in the folder itself, which may be a file system of its own
STAGING = ".restoring"


class Target(Protocol):
    """What is restored.

    Attributes:
        last_file: the last one that is put into its place.
    """

    last_file: str

    def is_running(self) -> bool:
        """Whether it is in use."""

    def check(self, folder: Path) -> None:
        """Check the files of a backup.

        Raises:
            BackupError: they aren't complete, or of another kind.
        """


def restore(path: Path, identity: x25519.Identity, folder: Path, target: Target, overwrite: bool) -> None:
    """Restore a backup.

    Args:
        path: of the encrypted backup.
        overwrite: whether other files in the folder are deleted, after the backup is checked.

    Raises:
        BackupError: the platform runs, the folder isn't empty, or the backup is damaged.
    """
    if target.is_running():
        raise BackupError("the platform runs: stop it (`make down`, `docker compose down`)")
    if _entries(folder) and not overwrite:
        raise BackupError(f"{folder} has data: to delete them, add the word overwrite (with make: OVERWRITE=1)")
    with _staging(folder) as staging:
        with write_to(["tar", "--extract", "--gzip", "--directory", str(staging)]) as archive:
            decrypt(path, archive, identity)
        target.check(staging)
        _replace(folder, staging, target.last_file)


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    staging = folder / STAGING
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True, mode=0o700)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _replace(folder: Path, staging: Path, last_file: str) -> None:
    """Delete the folder's entries, and move those of the staging folder into their place.

    The database doesn't start without the last file; so after a power failure in between it doesn't start on a part.
    """
    (folder / last_file).unlink(missing_ok=True)
    for entry in _entries(folder):
        shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    os.sync()
    for entry in sorted(staging.iterdir(), key=lambda each: each.name == last_file):
        entry.rename(folder / entry.name)
    os.sync()


def _entries(folder: Path) -> list[Path]:
    # lost+found: of a file system
    return [path for path in folder.glob("*") if path.name not in (STAGING, "lost+found")] if folder.exists() else []
