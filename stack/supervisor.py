"""Starts the parts, waits until each works, starts one again that ends by itself, and stops them all."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import requests

from camunda7.http_client import request
from hosting.clients.delivery import NotNow
from hosting.clients.mail import MailServer
from stack.parts import Part, inherited_environment

READY_WITHIN_S = 120
STOP_WITHIN_S = 20
RESTART_PAUSES_S = (1, 2, 5, 15, 30)
# a part that has run for so long counts as one that starts for the first time, as with Docker
SOUND_AFTER_S = 10

# what a log line means to whoever starts the platform
KNOWN_CAUSES = (
    (
        r"Database may be already in use|file is locked",
        "its database is in use by another run: end that run first",
    ),
    (r"No space left on device|the embedded database has closed itself", "its disk is full: make room"),
    (r"can't start: the database of \S+ refuses", "its database refuses the user or password"),
    (r"can't start: the database of \S+ can't be reached", "its database can't be reached"),
    (r"UnsupportedClassVersionError", "the JDK is older than 17: install JDK 17 or newer"),
    (r"SchemaMismatch: the database is older", "its database is older than this version: run `make upgrade`"),
    (r"SchemaMismatch: the database is too new", "its database is too new for this version: start a newer one"),
    (r"Address already in use|Port \d+ was already in use", "its port was taken just now: start again"),
)


class PartFailed(Exception):
    """A part didn't start; the message says why in one line."""


@dataclass
class Running:
    part: Part
    process: subprocess.Popen
    restarts: int = 0
    since: float = field(default_factory=time.monotonic)

    @property
    def failures(self) -> int:
        """How often it was started again without having run for long."""
        return 0 if time.monotonic() - self.since > SOUND_AFTER_S else self.restarts


class Supervisor:
    """Runs parts as child processes, each with a log of its own.

    Args:
        logs: folder of the logs.
        say: shows a line to whoever started us.
        changed: called with the ids of the processes whenever they change.
    """

    def __init__(self, logs: Path, say: Callable[[str], None], changed: Callable[[dict[str, int]], None]):
        self._logs = logs
        self._say = say
        self._changed = changed
        self._running: dict[str, Running] = {}
        self._lock = threading.Lock()
        self.stopping = threading.Event()

    def launch(self, parts: list[Part]) -> None:
        """Start these parts side by side, without waiting for them.

        Raises:
            PartFailed: the program of one isn't installed.
        """
        for part in parts:
            self._launch(part)

    def wait_until_ready(self, parts: list[Part]) -> None:
        """Return when these parts, which have been launched, work.

        Raises:
            PartFailed: one ended, or didn't answer in time.
        """
        for part in parts:
            self._wait_until_ready(part)
            took = time.monotonic() - self._running[part.name].since
            self._say(f"{part.name:<12} up after {took:4.1f} s   {part.url}")

    def watch(self) -> None:
        """Start parts again that end by themselves, until stop() is called."""
        while not self.stopping.wait(1):
            for running in list(self._running.values()):
                if running.process.poll() is not None and not self.stopping.is_set():
                    self._try_restart(running)

    def stop(self) -> None:
        """End all parts, those that were started last first."""
        self.stopping.set()
        with self._lock:
            running = list(self._running.values())[::-1]
        for one in running:
            if one.process.poll() is None:
                one.process.send_signal(signal.SIGTERM)
        for one in running:
            try:
                one.process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._say(f"{one.part.name} did not end in {STOP_WITHIN_S} s and is killed")
                one.process.kill()
                one.process.wait()
            _kill_rest(one.process)
        with self._lock:
            self._running.clear()

    def _launch(self, part: Part, restarts: int = 0) -> None:
        with self._lock:
            if self.stopping.is_set():
                return
            self._logs.mkdir(parents=True, exist_ok=True)
            log = (self._logs / f"{part.name}.log").open("ab")
            try:
                process = subprocess.Popen(
                    part.command,
                    env={**inherited_environment(), **part.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except FileNotFoundError:
                raise PartFailed(f"{part.name}: {part.command[0]} is not installed") from None
            finally:
                log.close()
            self._running[part.name] = Running(part, process, restarts)
        self._changed({name: running.process.pid for name, running in self._running.items()})

    def _try_restart(self, running: Running) -> None:
        """Restart a part; while that fails, the others are watched all the same."""
        try:
            self._restart(running)
        except Exception as error:
            self._say(f"{running.part.name} can't be started ({type(error).__name__}: {error}) and is tried again")

    def _restart(self, running: Running) -> None:
        part = running.part
        _kill_rest(running.process)
        failures = running.failures
        pause_s = RESTART_PAUSES_S[min(failures, len(RESTART_PAUSES_S) - 1)]
        code = running.process.returncode
        cause = f"killed by signal {-code}" if code < 0 else self._cause(part)
        self._say(f"{part.name} ended by itself ({cause}); it is started again in {pause_s} s")
        if not self.stopping.wait(pause_s):
            self._launch(part, failures + 1)

    def _wait_until_ready(self, part: Part) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        process = self._running[part.name].process
        while time.monotonic() < deadline and not self.stopping.is_set():
            if process.poll() is not None:
                raise PartFailed(f"{part.name}: {self._cause(part)}")
            if not part.ready or _answers(part.ready):
                return
            time.sleep(0.1)
        if self.stopping.is_set():
            return
        raise PartFailed(f"{part.name}: no answer after {READY_WITHIN_S} s; see {self._log_of(part)}")

    def _cause(self, part: Part) -> str:
        """The reason why a part ended, from its log, in one line."""
        lines = (self._logs / f"{part.name}.log").read_text(errors="replace").strip().splitlines()[-400:]
        text = "\n".join(lines)
        for pattern, meaning in KNOWN_CAUSES:
            if re.search(pattern, text):
                return meaning
        said = [line for line in lines if not line[:1].isspace()]
        return f"{said[-1][:200] if said else 'it said nothing'}; see {self._log_of(part)}"

    def _log_of(self, part: Part) -> str:
        return f"{self._logs.name}/{part.name}.log"


def _kill_rest(process: subprocess.Popen) -> None:
    """Kill what an ended part has left: a server's worker processes, which would hold its port."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _answers(url: str) -> bool:
    address = urlsplit(url)
    try:
        if address.scheme == "smtp":
            MailServer(address.hostname or "localhost", address.port or 25, timeout_s=2).check()
            return True
        return request("GET", url, timeout=2).ok
    except (requests.RequestException, NotNow):
        return False
