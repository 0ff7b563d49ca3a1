"""Client of EngineHost.java: an engine in a process of its own, whose clock the simulation sets."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from processes.variables import VARIABLES
from simulation.errors import SimulationFailed
from stack.parts import CLASS_PATH, CLASSES, SHARED

HOST_CLASS = "org.coronacare.simulation.EngineHost"
MAX_HEAP_MB = 768
# the live platform goes first
NICENESS = 10

Command = dict[str, Any]
Event = dict[str, Any]


class EngineHost:
    """The engine's process, as a context manager; it serves one run after the other."""

    def __init__(self, niceness: int = NICENESS):
        # the serial collector needs the least memory, and leaves the other core to the live platform
        shared = SHARED if CLASSES.exists() else []
        options = [f"-Xmx{MAX_HEAP_MB}m", "-XX:+UseSerialGC", "-Duser.timezone=UTC", *shared]
        command = ["java", *options, f"-Djava.io.tmpdir={tempfile.gettempdir()}", "-cp", CLASS_PATH, HOST_CLASS]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            preexec_fn=lambda: os.nice(niceness),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def begin(self, zone: str, seed: int, files: Iterable[Path], reads: Mapping[str, Sequence[str]]) -> None:
        """Begin a run: deploy diagrams, decisions and forms to an engine without cases.

        Args:
            zone: IANA name of the time zone of patients and staff.
            seed: of the random delays in the diagrams.
            reads: names of the variables to report of a new task, by its topic or element.

        Raises:
            SimulationFailed: the engine refuses a file.
        """
        commands = [{"do": "deploy", "files": [str(path.resolve()) for path in files]}]
        self.execute(None, commands, zone=zone, seed=seed, reads=reads)

    def execute(self, now_ms: int | None, commands: list[Command], **more: Any) -> list[Event]:
        """Execute commands at a simulated time, with all that follows at once; returns the engine's events.

        Raises:
            SimulationFailed: the engine refuses a command, or its process has ended.
        """
        request = {**({} if now_ms is None else {"now": now_ms}), "commands": commands, **more}
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise SimulationFailed(f"the engine's process ended with status {self._process.wait()}")
        parsed = json.loads(answer)
        if parsed["failures"]:
            raise SimulationFailed("\n".join(parsed["failures"]))
        return parsed["events"]


def to_typed(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Convert values to typed ones as EngineHost.java reads them; one that isn't declared by its Python type."""
    known = {name: value for name, value in values.items() if name in VARIABLES and not isinstance(value, datetime)}
    others = {name: _typed(value) for name, value in values.items() if name not in known}
    return {**VARIABLES.to_engine(known), **others}


def _typed(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"type": "Boolean", "value": value}
        case int():
            return {"type": "Integer", "value": value}
        case float():
            return {"type": "Double", "value": value}
        case datetime():
            return {"type": "Date", "value": round(value.timestamp() * 1000)}
        case list() | dict():
            return {"type": "Json", "value": json.dumps(value)}
        case _:
            return {"type": "String", "value": value}
