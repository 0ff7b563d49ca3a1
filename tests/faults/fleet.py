"""Worker processes that are restarted whenever they end, and may be killed one by one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import requests

from config.settings import environment_name
from stack.parts import Part, inherited_environment
from tests.support.case import eventually
from tests.support.ports import free_port
from workers.__main__ import worker_id
from workers.lanes import LANES


class Fleet:
    """Worker processes, numbered from 1.

    Args:
        part: the platform's workers, from stack/parts.py.
        more: further environment variables.

    Attributes:
        deaths: number of processes that ended before the fleet was stopped, or were killed while they stopped.
    """

    def __init__(self, part: Part, count: int, logs: Path, **more: str):
        self._parts = {number: _numbered(part, number, more) for number in range(1, count + 1)}
        self._logs = logs
        self._processes: dict[int, subprocess.Popen] = {}
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self.deaths = 0

    def __enter__(self) -> Fleet:
        for number in self._parts:
            self._start(number)
        self._watcher.start()
        eventually(lambda: all(_is_ready(part) for part in self._parts.values()), "the workers aren't ready")
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._watcher.join()
        for process in self._processes.values():
            # a process that is stopped by SIGSTOP doesn't handle SIGTERM
            self._signal(process, signal.SIGCONT)
            self._signal(process, signal.SIGTERM)
        for process in self._processes.values():
            # it may be killed while it stops
            self.deaths += process.wait(30) == -signal.SIGKILL

    @property
    def numbers(self) -> list[int]:
        return list(self._parts)

    def worker_id(self, number: int) -> str:
        """The worker id of a process."""
        return worker_id(LANES, number)

    def pid(self, number: int) -> int:
        """The id of the current process with this number."""
        return self._processes[number].pid

    def signal(self, number: int, what: signal.Signals) -> None:
        self._signal(self._processes[number], what)

    @staticmethod
    def _signal(process: subprocess.Popen, what: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, what)

    def _start(self, number: int) -> None:
        part = self._parts[number]
        with (self._logs / f"workers-{number}.log").open("ab") as log:
            self._processes[number] = subprocess.Popen(
                part.command,
                env={**inherited_environment(), **part.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _watch(self) -> None:
        while not self._stopping.wait(0.05):
            for number, process in list(self._processes.items()):
                if process.poll() is not None:
                    self.deaths += 1
                    self._start(number)


def _is_ready(part: Part) -> bool:
    try:
        return requests.get(part.environment[environment_name("workers", "url")] + "/readyz", timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


def _numbered(part: Part, number: int, more: dict[str, str]) -> Part:
    own = {
        environment_name("workers", "number"): str(number),
        environment_name("workers", "url"): f"http://127.0.0.1:{free_port()}",
    }
    return replace(part, environment={**part.environment, **own, **more})
