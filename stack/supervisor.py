"""Supervisor of the parts' processes: starts them, waits until they are ready, restarts and stops them."""

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
from hosting.clients.delivery import ChannelUnavailable
from hosting.clients.mail import MailServer
from stack.parts import Part, inherited_environment

READY_TIMEOUT_S = 120
STOP_TIMEOUT_S = 20
RESTART_PAUSES_S = (1, 2, 5, 15, 30)
# after this time the pauses between restarts are reset, as Docker does
STABLE_AFTER_S = 10

# patterns of log lines, and their explanation to the user
KNOWN_CAUSES = (
    (
        r"Database may be already in use|file is locked",
        "its database is in use by another run: stop that run first",
    ),
    (r"No space left on device|the embedded database has closed itself", "its disk is full: make room"),
    (r"can't start: the database of \S+ refuses", "its database refuses the user or password"),
    (r"can't start: the database of \S+ can't be reached", "its database can't be reached"),
    (r"UnsupportedClassVersionError", "the JDK is older than 17: install JDK 17 or newer"),
    (r"SchemaMismatch: the database is older", "its database is older than this version: run `make upgrade`"),
    (r"SchemaMismatch: the database is too new", "its database is too new for this version: start a newer one"),
    (r"Address already in use|Port \d+ was already in use", "another program uses its port: start again"),
)


class PartFailed(Exception):
    """A part didn't start; the message has the cause in one line."""


@dataclass
class RunningPart:
    part: Part
    process: subprocess.Popen
    restarts: int = 0
    since: float = field(default_factory=time.monotonic)

    @property
    def failures(self) -> int:
        """Number of restarts since the part last ran for STABLE_AFTER_S."""
        return 0 if time.monotonic() - self.since > STABLE_AFTER_S else self.restarts


class Supervisor:
    """Runs parts as child processes, each with a log of its own.

    Args:
        logs: folder of the logs.
        say: prints a line.
        changed: called with the process ids by part whenever they change.
    """

    def __init__(self, logs: Path, say: Callable[[str], None], changed: Callable[[dict[str, int]], None]):
        self._logs = logs
        self._say = say
        self._changed = changed
        self._running: dict[str, RunningPart] = {}
        self._lock = threading.Lock()
        self.stopping = threading.Event()

    def launch(self, parts: list[Part]) -> None:
        """Start these parts without waiting until they are ready.

        Raises:
            PartFailed: the program of a part isn't installed.
        """
        for part in parts:
            self._launch(part)

    def wait_until_ready(self, parts: list[Part]) -> None:
        """Return when these launched parts are ready.

        Raises:
            PartFailed: a part terminated, or wasn't ready within READY_TIMEOUT_S.
        """
        for part in parts:
            self._wait_until_ready(part)
            took = time.monotonic() - self._running[part.name].since
            self._say(f"{part.name:<12} up after {took:4.1f} s   {part.url}")

    def watch(self) -> None:
        """Restart parts that terminate, until stop() is called."""
        while not self.stopping.wait(1):
            for running in list(self._running.values()):
                if running.process.poll() is not None and not self.stopping.is_set():
                    self._try_restart(running)

    def stop(self) -> None:
        """Stop all parts, in the reverse order of their start."""
        self.stopping.set()
        with self._lock:
            parts = list(self._running.values())[::-1]
        for running in parts:
            if running.process.poll() is None:
                running.process.send_signal(signal.SIGTERM)
        for running in parts:
            try:
                running.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._say(f"{running.part.name} didn't stop within {STOP_TIMEOUT_S} s: killed")
                running.process.kill()
                running.process.wait()
            _kill_process_group(running.process)
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
            self._running[part.name] = RunningPart(part, process, restarts)
        self._changed({name: running.process.pid for name, running in self._running.items()})

    def _try_restart(self, running: RunningPart) -> None:
        """Restart a part; an error is printed, and doesn't end watch()."""
        try:
            self._restart(running)
        except Exception as error:
            self._say(f"{running.part.name} can't be started ({type(error).__name__}: {error}), retrying")

    def _restart(self, running: RunningPart) -> None:
        part = running.part
        _kill_process_group(running.process)
        failures = running.failures
        pause_s = RESTART_PAUSES_S[min(failures, len(RESTART_PAUSES_S) - 1)]
        code = running.process.returncode
        cause = f"killed by signal {-code}" if code < 0 else self._find_cause(part)
        self._say(f"{part.name} terminated unexpectedly ({cause}), restarting in {pause_s} s")
        if not self.stopping.wait(pause_s):
            self._launch(part, failures + 1)

    def _wait_until_ready(self, part: Part) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        process = self._running[part.name].process
        while time.monotonic() < deadline and not self.stopping.is_set():
            if process.poll() is not None:
                raise PartFailed(f"{part.name}: {self._find_cause(part)}")
            if not part.ready or _is_answering(part.ready):
                return
            time.sleep(0.1)
        if self.stopping.is_set():
            return
        raise PartFailed(f"{part.name}: no answer after {READY_TIMEOUT_S} s; see {self._log_of(part)}")

    def _find_cause(self, part: Part) -> str:
        """Return the reason why a part terminated, from its log, in one line."""
        lines = (self._logs / f"{part.name}.log").read_text(errors="replace").strip().splitlines()[-400:]
        text = "\n".join(lines)
        for pattern, meaning in KNOWN_CAUSES:
            if re.search(pattern, text):
                return meaning
        messages = [line for line in lines if not line[:1].isspace()]
        return f"{messages[-1][:200] if messages else 'no output'}; see {self._log_of(part)}"

    def _log_of(self, part: Part) -> str:
        return f"{self._logs.name}/{part.name}.log"


def _kill_process_group(process: subprocess.Popen) -> None:
    """Kill the child processes of a part that has ended, such as gunicorn's workers, which would hold its port."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _is_answering(url: str) -> bool:
    address = urlsplit(url)
    try:
        if address.scheme == "smtp":
            MailServer(address.hostname or "localhost", address.port or 25, timeout_s=2).check()
            return True
        return request("GET", url, timeout=2).ok
    except (requests.RequestException, ChannelUnavailable):
        return False
