"""An environment with every peculiarity at once that a machine may have, and under which the platform must run.

Paths of the checkout and the data with spaces and non-ASCII letters, proxies for every URL, the locale C, a time zone
with an offset of half an hour, umask 0, no home directory, and a temporary directory that is mounted noexec.
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
# in a mount namespace of the command, the mounts end with it: deleting `folder` never reaches the checkout
MOUNTED = """
mount --bind {root} {checkout}
mount -t tmpfs -o noexec,mode=1777 tmpfs {temporary}
cd {checkout}
exec {command}
"""


def hostile(environment: Mapping[str, str], proxy: RecordingProxy, folder: Path) -> dict[str, str]:
    """Return the environment with all these peculiarities."""
    return {**environment, **ENVIRONMENT, **proxy.environment, "TMPDIR": str(_temporary(folder))}


def in_hostile_checkout(command: list[str], folder: Path) -> list[str]:
    """Wrap a command so that it runs in this checkout, mounted at a path in the folder."""
    checkout = folder / "cc"
    for each in (checkout, _temporary(folder)):
        each.mkdir(parents=True, exist_ok=True)
    paths = {"root": ROOT, "checkout": checkout, "temporary": _temporary(folder)}
    quoted = {name: shlex.quote(str(path)) for name, path in paths.items()}
    script = MOUNTED.format(command=shlex.join(command), **quoted)
    # mounting needs root; other users are root in a new user namespace
    as_root = [] if os.getuid() == 0 else ["--map-root-user"]
    return ["unshare", *as_root, "--mount", "--propagation", "private", "sh", "-e", "-c", script]


def _temporary(folder: Path) -> Path:
    return folder / "tmp"
