"""What a newcomer's machine may be like, all at once: nothing of it may keep the platform from working.

A checkout and a folder for data with blanks and non-ASCII letters in their paths, proxies for every URL, no locale, a
time zone of half hours, no umask, no home, and temporary files on a disk from which nothing can be executed.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from config.settings import ROOT
from tests.support.recording_proxy import RecordingProxy

NAME = "Süd Straße +%41 ü"
ENVIRONMENT = {
    "LC_ALL": "C",
    "LANG": "C",
    "TZ": "America/St_Johns",
    "HOME": "/proc/nowhere",
    "SERVER_PORT": "1",
    "GUNICORN_CMD_ARGS": "--bind 127.0.0.1:1",
}
UMASK = 0
# mounts are seen by what is started there alone, and end with it: nobody who clears `folder` reaches the checkout
MOUNTED = """
mount --bind {root} {checkout}
mount -t tmpfs -o noexec,mode=1777 tmpfs {temporary}
cd {checkout}
exec {command}
"""


def hostile(environment: Mapping[str, str], proxy: RecordingProxy, folder: Path) -> dict[str, str]:
    """The environment, made hostile."""
    return {**environment, **ENVIRONMENT, **proxy.environment, "TMPDIR": str(_temporary(folder))}


def in_hostile_checkout(command: list[str], folder: Path) -> list[str]:
    """The command, in this checkout, under a path that is made for it in the folder."""
    checkout = folder / "cc"
    for each in (checkout, _temporary(folder)):
        each.mkdir(parents=True, exist_ok=True)
    paths = {"root": ROOT, "checkout": checkout, "temporary": _temporary(folder)}
    quoted = {name: shlex.quote(str(path)) for name, path in paths.items()}
    script = MOUNTED.format(command=shlex.join(command), **quoted)
    # only root may mount; others are root in a user namespace of their own
    as_root = [] if os.getuid() == 0 else ["--map-root-user"]
    return ["unshare", *as_root, "--mount", "--propagation", "private", "sh", "-e", "-c", script]


def _temporary(folder: Path) -> Path:
    return folder / "tmp"
