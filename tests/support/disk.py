"""A disk of one's own, in memory, that a test may fill."""

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
    """A file system.

    Args:
        source: what the mount names as its source.
        as_owner: what a command begins with that may remount it.

    Attributes:
        folder: where it is found.
    """

    def __init__(self, folder: Path, mounted_at: Path, source: str, as_owner: Sequence[str] = ()):
        self.folder = folder
        self._source = source
        self._mounted_at = mounted_at
        self._as_owner = as_owner

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
        # with its source: mount(8) would repeat its other options, of which uid= is refused in a user namespace
        command = [*self._as_owner, "mount", "-o", f"remount,size={size}", self._source, str(self._mounted_at)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def disk_at(folder: Path, size: int = SIZE) -> Iterator[Disk]:
    """A disk of this many bytes at a new folder."""
    folder.mkdir()
    # by which it is found and unmounted if the run is killed
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
    """A mount in the namespaces of a process that does nothing else; others of the user reach it through /proc."""
    script = f"{shlex.join(mount)} && echo mounted && exec sleep infinity"
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "mounted\n", "user namespaces are switched off: run the tests as root"
            as_owner = ["nsenter", f"--target={holder.pid}", "--user", "--mount", "--preserve-credentials"]
            yield Disk(Path(f"/proc/{holder.pid}/root{folder}"), folder, source, as_owner)
        finally:
            holder.kill()
