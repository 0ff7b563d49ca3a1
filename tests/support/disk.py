"""A separate file system in memory (tmpfs) that a test may fill."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.case import eventually
from tests.support.leftovers import RUN

SIZE = 2 << 30


class Disk:
    """A mounted tmpfs.

    Args:
        source: source of the mount, as in /proc/mounts.
        as_owner: prefix of commands that need the right to remount it.

    Attributes:
        folder: path at which other processes reach it.
    """

    def __init__(self, folder: Path, mounted_at: Path, source: str, as_owner: Sequence[str] = ()):
        self.folder = folder
        self._source = source
        self._mounted_at = mounted_at
        self._as_owner = as_owner

    @contextmanager
    def filled(self) -> Iterator[None]:
        """Leave no free space within the context, by shrinking the file system to the used size."""
        eventually(self._is_filled, "other processes keep writing to the disk")
        try:
            yield
        finally:
            self._resize(SIZE)

    def _is_filled(self) -> bool:
        """Shrink the file system to its used size; returns False if a write between the two calls prevented it."""
        usage = os.statvfs(self.folder)
        return self._resize((usage.f_blocks - usage.f_bfree) * usage.f_frsize)

    def _resize(self, size: int) -> bool:
        # with its source: mount(8) would otherwise repeat all options, and uid= is refused in a user namespace
        command = [*self._as_owner, "mount", "-o", f"remount,size={size}", self._source, str(self._mounted_at)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def disk_at(folder: Path, size: int = SIZE) -> Iterator[Disk]:
    """Mount a disk of `size` bytes at a new folder."""
    folder.mkdir()
    # tests/support/leftovers.py finds the mount by its source and unmounts it if the run is killed
    source = os.environ[RUN]
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", source, str(folder)]
    mounted = _mounted if os.getuid() == 0 else _mounted_by_user
    with mounted(folder, source, mount) as disk:
        yield disk


@contextmanager
def _mounted(folder: Path, source: str, mount: list[str]) -> Iterator[Disk]:
    subprocess.run(mount, check=True)
    try:
        yield Disk(folder, folder, source)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def _mounted_by_user(folder: Path, source: str, mount: list[str]) -> Iterator[Disk]:
    """Mount in the user and mount namespaces of a sleeping process; the user's processes reach it through /proc."""
    script = f"{shlex.join(mount)} && echo mounted && exec sleep infinity"
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "mounted\n", "user namespaces are switched off: run the tests as root"
            as_owner = ["nsenter", f"--target={holder.pid}", "--user", "--mount", "--preserve-credentials"]
            yield Disk(Path(f"/proc/{holder.pid}/root{folder}"), folder, source, as_owner)
        finally:
            holder.kill()
