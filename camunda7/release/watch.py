"""Deploys whenever a diagram, decision or form is saved, for whoever draws one beside a platform that is up."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from watchfiles import Change, watch

# what is deployed, and what says which names there are
FOLDERS = ("processes", "forms", "workers", "config")
SUFFIXES = (".bpmn", ".dmn", ".form", ".py", ".yaml")
# an editor may write a file in several steps
SETTLED_MS, LOOK_EVERY_MS = 300, 50


def deploy_when_saved(
    command: Sequence[str], say: Callable[[str], None], root: Path, stopping: threading.Event | None = None
) -> None:
    """Deploy what is there, and again each time that something is saved, until it is interrupted.

    What would not work is refused, and the version before goes on; so while the engine can't be reached.

    Args:
        command: deploys; each time anew, so that it knows a handler or a variable that was just written.
        root: the folder of processes/, forms/ and so on.
    """
    _deploy(command, say, root)
    say("what is saved is deployed; Ctrl-C ends it")
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
            say(f"{time.time() - max(map(_saved_at, files)):.1f} s after it was saved")


def _deploy(command: Sequence[str], say: Callable[[str], None], root: Path) -> bool:
    """Returns whether what is there runs now."""
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    say((done.stdout + done.stderr).rstrip())
    if done.returncode:
        say("not deployed: the version before goes on")
    return done.returncode == 0


def _is_ours(change: Change, path: str) -> bool:
    return path.endswith(SUFFIXES)


def _saved_at(path: Path) -> float:
    """When a file was saved, in seconds since 1970; now, of one that is gone."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
