"""Deploys whenever a diagram, decision or form is saved, for modelling with a running platform."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from watchfiles import Change, watch

__all__ = ["deploy_when_saved"]

# folders of the deployed files, and of the code and settings that declare their names
FOLDERS = ("processes", "forms", "workers", "config")
SUFFIXES = (".bpmn", ".dmn", ".form", ".py", ".yaml")
# an editor may write a file in several steps
SETTLED_MS, LOOK_EVERY_MS = 300, 50


def deploy_when_saved(
    command: Sequence[str], say: Callable[[str], None], root: Path, stopping: threading.Event | None = None
) -> None:
    """Deploy now, and whenever a file is saved, until interrupted.

    If the deployment is refused, or the engine can't be reached, the deployed version stays.

    Args:
        command: command that deploys; a new process each time, so that it has the latest handlers and variables.
        say: prints a line.
        root: folder of processes/, forms/, workers/ and config/.
        stopping: ends the function when it is set.
    """
    _deploy(command, say, root)
    say("deploying whenever a file is saved; Ctrl-C stops")
    for saved in watch(
        *(root / folder for folder in FOLDERS),
        watch_filter=_is_ours,
        debounce=SETTLED_MS,
        step=LOOK_EVERY_MS,
        stop_event=stopping,
        raise_interrupt=False,
        recursive=False,
    ):
        files = {Path(path) for _, path in saved}
        say(f"\n{time.strftime('%H:%M:%S')} saved: {', '.join(sorted(each.name for each in files))}")
        if _deploy(command, say, root):
            say(f"{time.time() - max(map(_saved_at, files)):.1f} s after saving")


def _deploy(command: Sequence[str], say: Callable[[str], None], root: Path) -> bool:
    """Run the command; returns whether it succeeded."""
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    say((done.stdout + done.stderr).rstrip())
    if done.returncode:
        say("not deployed: the previous version stays")
    return done.returncode == 0


def _is_ours(change: Change, path: str) -> bool:
    return path.endswith(SUFFIXES)


def _saved_at(path: Path) -> float:
    """Return when a file was saved, in seconds since the epoch; for a deleted file the current time."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
