"""A platform that a test starts as `make up` does, and whose parts it may kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import requests

from tests.support.case import eventually


def state_file(environment: dict[str, str]) -> Path:
    return Path(environment["CORONACARE_FOLDER"]) / "state.json"


def read_state(environment: dict[str, str]) -> dict[str, Any]:
    return json.loads(state_file(environment).read_text())


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Whether a process has ended but wasn't reaped by its parent: PID 1 of a container may never do so."""
    status = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return status.startswith("Z")


def kill(environment: dict[str, str], part: str, how: signal.Signals = signal.SIGKILL) -> int:
    """Kill a part; returns its process id."""
    pid = read_state(environment)["processes"][part]
    os.kill(pid, how)
    return pid


def wait_for_restart(environment: dict[str, str], part: str, old: int) -> None:
    eventually(lambda: read_state(environment)["processes"][part] != old, f"{part} was not started again")


def is_engine_up(url: str) -> bool:
    """Whether the engine at this base URL answers; the status is 401, because every endpoint needs credentials."""
    try:
        return requests.get(url + "/engine-rest/engine", timeout=10).status_code == 401
    except requests.RequestException:
        return False


def is_ready(url: str) -> bool:
    """Whether the web application at this base URL is ready: the engine and the records answer it."""
    try:
        return requests.get(url + "/readyz", timeout=30).status_code == 200
    except requests.RequestException:
        return False
