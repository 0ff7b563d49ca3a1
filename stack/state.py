"""What is up: state.json in the folder of the settings (.run), for scripts and for `make down`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from stack.secrets import write_private

FILE = "state.json"
DOWN_WITHIN_S = 60
OURS = ("engine.jar", "gunicorn", "-m workers", "aiosmtpd", "haproxy", "-m stack")


def read(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text()) if path.exists() else None


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
    """Whether this process runs and is a part of the platform: ids are used again for others."""
    shown = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S607
    return any(mark in shown.stdout for mark in OURS)
