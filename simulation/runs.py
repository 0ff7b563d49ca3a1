"""Runs that a page starts: each in a process and a folder of its own, one at a time.

The process holds the lock of the folder, and gets neither settings nor secrets of the platform. A run that is cancelled
deletes its folder.
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
# environment variables that its process gets: none with a setting or a secret
ENVIRONMENT = ("HOME", "JAVA_HOME", "LANG", "LC_ALL", "PATH", "PYTHONUTF8", "TMPDIR")


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


@dataclass(frozen=True)
class Request:
    """What a run computes.

    Attributes:
        policy: settings of `policy`; those of the scenario take precedence.
        zone: time zone of patients and staff.
    """

    scenario: Scenario
    is_fast: bool
    policy: dict[str, Any]
    zone: str


class Runs:
    """The runs in a folder.

    Args:
        policy: settings of `policy` of this platform.
        zone: time zone of patients and staff.
    """

    def __init__(self, folder: Path, policy: Mapping[str, Any], zone: str):
        self._folder, self._policy, self._zone = folder, policy, zone

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
            content = {
                "scenario": dict(scenario),
                "is_fast": is_fast,
                "policy": dict(self._policy),
                "zone": self._zone,
            }
            write(folder / SCENARIO, json.dumps(content))
            # the process inherits the lock, and holds it until it ends
            _spawn([sys.executable, "-m", "simulation", "--run", str(folder)], lock.fileno())
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
    """Start a process that outlives this one; the shell in between reaps it."""
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    shell = ["/bin/sh", "-c", '"$@" >/dev/null 2>&1 &', "sh", *command]
    subprocess.run(shell, env=environment, cwd=ROOT, pass_fds=[lock], check=True, start_new_session=True)


def read_request(folder: Path) -> Request:
    content = json.loads((folder / SCENARIO).read_text(encoding="utf-8"))
    scenario = parse_scenario(content["scenario"], SCENARIO)
    return Request(scenario, content["is_fast"], content["policy"], content["zone"])


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
