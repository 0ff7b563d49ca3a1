"""Runs that a page starts: each in a process and a folder of its own, one at a time.

The process holds the lock of the folder, and reads neither passwords nor keys from its environment. A run that is
cancelled deletes its folder.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.settings import ROOT
from simulation.scenario import Scenario, parse_scenario

MAX_RUNS = 20
SCENARIO, PROGRESS, RESULTS, TABLE, ERROR, CANCEL, LOCK = (
    "scenario.json",
    "progress",
    "results.json",
    "results.csv",
    "error",
    "cancel",
    "lock",
)
SECRETS = ("PASSWORD", "SECRET", "KEY")


class Busy(Exception):
    """Another simulation is running."""


class Cancelled(Exception):
    """The run was cancelled."""


@dataclass(frozen=True)
class Run:
    """A run and what is known of it.

    Attributes:
        progress: share of the work that is done.
        is_running: its process runs.
        error: why it failed; empty unless it did.
    """

    id: str
    folder: Path
    name: str
    is_fast: bool
    progress: float
    is_running: bool
    error: str

    @property
    def has_results(self) -> bool:
        return (self.folder / RESULTS).exists()

    def read_results(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / RESULTS).read_text(encoding="utf-8"))
        return found


class Runs:
    """The runs in a folder."""

    def __init__(self, folder: Path):
        self._folder = folder

    def start(self, scenario: Mapping[str, Any], is_fast: bool) -> str:
        """Start a run; returns its id.

        Raises:
            Busy: another one is running.
            ScenarioError: the scenario is invalid.
        """
        parse_scenario(dict(scenario), "scenario")
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy from None
            self._delete_old()
            run_id = secrets.token_hex(8)
            folder = self._folder / run_id
            folder.mkdir()
            write(folder / SCENARIO, json.dumps({"scenario": dict(scenario), "is_fast": is_fast}))
            # the process inherits the lock, and holds it until it ends
            command = [sys.executable, "-m", "simulation", "--run", str(folder), "--lock", str(lock.fileno())]
            _spawn(command, lock.fileno())
        return run_id

    def list(self) -> list[Run]:
        """Return the runs, the latest first."""
        files = sorted(self._folder.glob(f"*/{SCENARIO}"), key=lambda path: path.stat().st_mtime, reverse=True)
        found = [self.find(path.parent.name) for path in files]
        return [run for run in found if run]

    def find(self, run_id: str) -> Run | None:
        """Return a run; None if there is none with this id."""
        folder = self._folder / run_id
        try:
            content = json.loads((folder / SCENARIO).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        error = _read(folder / ERROR)
        is_open = not error and not (folder / RESULTS).exists()
        is_running = is_open and self._is_locked()
        if is_open and not is_running:
            error = "The simulation ended unexpectedly. Start it again."
        progress = float(_read(folder / PROGRESS) or 0)
        return Run(run_id, folder, content["scenario"]["name"], content["is_fast"], progress, is_running, error)

    def cancel(self, run_id: str) -> None:
        """Have a run end and delete its folder; nothing if it has ended."""
        if (run := self.find(run_id)) and run.is_running:
            write(run.folder / CANCEL, "")

    def _is_locked(self) -> bool:
        try:
            with (self._folder / LOCK).open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        return False

    def _delete_old(self) -> None:
        for run in self.list()[MAX_RUNS - 1 :]:
            shutil.rmtree(run.folder, ignore_errors=True)


def _spawn(command: list[str], lock: int) -> None:
    """Start a process that outlives this one, without secrets; the shell in between reaps it."""
    environment = {name: value for name, value in os.environ.items() if not any(each in name for each in SECRETS)}
    shell = ["/bin/sh", "-c", '"$@" >/dev/null 2>&1 &', "sh", *command]
    subprocess.run(shell, env=environment, cwd=ROOT, pass_fds=[lock], check=True, start_new_session=True)


def read_run(folder: Path) -> tuple[Scenario, bool]:
    """Return the scenario of a run, and whether it is a fast one."""
    content = json.loads((folder / SCENARIO).read_text(encoding="utf-8"))
    return parse_scenario(content["scenario"], SCENARIO), content["is_fast"]


def report_progress(folder: Path, share: float) -> None:
    """Store the progress of a run.

    Raises:
        Cancelled: it was cancelled.
    """
    if (folder / CANCEL).exists():
        raise Cancelled
    write(folder / PROGRESS, f"{share:.3f}")


def write(path: Path, content: str) -> None:
    """Write a file as a whole: a reader sees the old content or the new one."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(content, encoding="utf-8")
    new.replace(path)


def _read(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8")
    return ""
