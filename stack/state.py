"""What is up: state.json in the folder of the settings (.run), for scripts and for `make down`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from config.settings import ROOT
from stack.secrets import write_private

FILE = "state.json"
DOWN_WITHIN_S = 60
# of Linux; `ps` isn't everywhere there
PROCESSES = Path("/proc")
OURS = ("engine.jar", "gunicorn", "-m workers", "aiosmtpd", "haproxy", "-m stack")


def read(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def write(state: dict[str, Any], path: Path) -> None:
    write_private(path, state)


def is_up(state: dict[str, Any] | None) -> bool:
    return state is not None and _is_ours(state["supervisor"])


def down(path: Path) -> str:
    """End what is up, from another terminal; returns what was done, in a line."""
    state = read(path)
    if state is None:
        return "nothing is up"
    if is_up(state):
        os.kill(state["supervisor"], signal.SIGTERM)
        deadline = time.monotonic() + DOWN_WITHIN_S
        while path.exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        return "everything has ended"
    # the supervisor was killed: its parts may be left
    left = [name for name, pid in state["processes"].items() if _is_ours(pid)]
    for name in left:
        os.killpg(state["processes"][name], signal.SIGTERM)
    path.unlink()
    return f"ended what an earlier run had left: {', '.join(left)}" if left else "nothing is up"


def _is_ours(pid: int) -> bool:
    """Whether this process runs and is a part of this checkout's platform: ids are used again for others."""
    return any(mark in _command(pid) for mark in OURS)


def _command(pid: int) -> str:
    """The command line of a process; empty when it has ended, or runs in another folder than this checkout."""
    if not PROCESSES.is_dir():
        shown = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S607
        return shown.stdout
    try:
        is_here = (PROCESSES / str(pid) / "cwd").samefile(ROOT)
        return (PROCESSES / str(pid) / "cmdline").read_text(errors="replace").replace("\0", " ") if is_here else ""
    except OSError:
        return ""
