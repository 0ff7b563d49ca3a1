"""Deploys whenever a diagram, decision or form is saved, for whoever draws one beside a platform that is up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from watchfiles import Change, watch

from deployment.check import Declared
from deployment.deploy import DeploymentRefused, deploy
from processes.engine import Engine, EngineError

SUFFIXES = (".bpmn", ".dmn", ".form")
FOLDERS = ("processes", "forms")
# an editor may write a file in several steps
SETTLED_MS, LOOK_EVERY_MS = 300, 50


def deploy_when_saved(
    engine: Engine,
    names: Declared,
    say: Callable[[str], None],
    page: Path,
    root: Path,
    stopping: threading.Event | None = None,
) -> None:
    """Deploy what is there, and again each time that something is saved, until it is interrupted.

    What would not work is refused, and the version before goes on; so while the engine can't be reached.

    Args:
        page: where the changes are drawn, as HTML.
        root: the folder of processes/ and forms/.
    """
    _deploy(engine, names, say, page, root)
    say("what is saved in processes/ and forms/ is deployed; Ctrl-C ends it")
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
        if _deploy(engine, names, say, page, root):
            say(f"deployed, {time.time() - max(map(_saved_at, files)):.1f} s after it was saved")


def _deploy(engine: Engine, names: Declared, say: Callable[[str], None], page: Path, root: Path) -> bool:
    """Returns whether there is something new that runs now."""
    try:
        done = deploy(engine, names, say, page, root)
    except DeploymentRefused as refused:
        say(f"{refused}\nnot deployed: the version before goes on")
        return False
    except EngineError as error:
        say(f"{error}\nnot deployed: save once more when the engine is back")
        return False
    if not done:
        say("nothing has changed since the last deployment")
    return done


def _is_ours(change: Change, path: str) -> bool:
    return path.endswith(SUFFIXES)


def _saved_at(path: Path) -> float:
    """When a file was saved, in seconds since 1970; now, of one that is gone."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
