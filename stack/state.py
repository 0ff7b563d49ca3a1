"""State of the running platform: state.json in the settings' folder (.run), for scripts and `make down`."""

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
DOWN_TIMEOUT_S = 60
# on Linux, where `ps` may be missing
PROCESSES = Path("/proc")
OURS = ("engine.jar", "gunicorn", "-m workers", "aiosmtpd", "haproxy", "-m stack")


def read(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def write(state: dict[str, Any], path: Path) -> None:
    write_private(path, state)


def is_up(state: dict[str, Any] | None) -> bool:
    return state is not None and _is_our_process(state["supervisor"])


def down(path: Path) -> str:
    """Stop the platform from another terminal; returns a line that says what was done."""
    state = read(path)
    if state is None:
        return "the platform isn't running"
    if is_up(state):
        os.kill(state["supervisor"], signal.SIGTERM)
        deadline = time.monotonic() + DOWN_TIMEOUT_S
        while path.exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        return "the platform has stopped"
    # the supervisor was killed, and its parts may still run
    left = [name for name, pid in state["processes"].items() if _is_our_process(pid)]
    for name in left:
        os.killpg(state["processes"][name], signal.SIGTERM)
    path.unlink()
    return f"stopped parts of an earlier run: {', '.join(left)}" if left else "the platform isn't running"


def _is_our_process(pid: int) -> bool:
    """Whether this process is a part of this checkout's platform; the system may have reused its id."""
    return any(mark in _command(pid) for mark in OURS)


def _command(pid: int) -> str:
    """Return the command line of a process; empty if it has ended, or its folder isn't this checkout."""
    if not PROCESSES.is_dir():
        ps = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S607
        return ps.stdout
    try:
        is_here = (PROCESSES / str(pid) / "cwd").samefile(ROOT)
        return (PROCESSES / str(pid) / "cmdline").read_text(errors="replace").replace("\0", " ") if is_here else ""
    except OSError:
        return ""
