"""A disk of one's own, in memory, that a test may fill."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.case import eventually

SIZE = 2 << 30


class Disk:
    """A file system.

    Attributes:
        folder: where it is mounted.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    @contextmanager
    def full(self) -> Iterator[None]:
        """Nothing more can be written for a while."""
        eventually(self._is_filled, "more is written all the time")
        try:
            yield
        finally:
            self._resize(SIZE)

    def _is_filled(self) -> bool:
        """Have it end where it is used up to; not if something was written meanwhile."""
        about = os.statvfs(self.folder)
        return self._resize((about.f_blocks - about.f_bfree) * about.f_frsize)

    def _resize(self, size: int) -> bool:
        command = ["mount", "-o", f"remount,size={size}", str(self.folder)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def disk_at(folder: Path, size: int = SIZE) -> Iterator[Disk]:
    """A disk of this many bytes at a new folder."""
    assert os.getuid() == 0, "only root may mount a disk: run as root, or in `unshare --map-root-user --mount`"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
