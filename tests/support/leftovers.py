"""Cleans up the processes and mounts of a test run that was killed. Linux only."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.settings import ROOT

# environment variable with the run's id: its processes inherit it, and its mounts have the id as their source
RUN = "TEST_RUN"
PROCESSES = Path("/proc")
MOUNTS = PROCESSES / "self" / "mounts"
# `read` fails at end of file without a line: so the watcher notices that the process at the other end was killed
WAIT = 'read -r line || exec "$@"'


@contextmanager
def cleanup_if_killed() -> Iterator[None]:
    """Start a watcher that cleans up everything that this process has started, if this process is killed."""
    # without the variable: the cleanup of an outer run doesn't kill this run's watcher
    environment = {name: value for name, value in os.environ.items() if name != RUN}
    os.environ[RUN] = uuid.uuid4().hex
    command = ["sh", "-c", WAIT, "sh", sys.executable, "-m", __name__, os.environ[RUN]]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, start_new_session=True, text=True
    ) as watcher:
        try:
            yield
        finally:
            watcher.communicate("ended\n")


def end(run: str) -> None:
    """Kill all processes of a run, repeatedly until none is left, and unmount its file systems."""
    while processes := list(_processes(run)):
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.1)
    for line in MOUNTS.read_text().splitlines():
        source, folder, *_ = line.split()
        if source == run:
            subprocess.run(["umount", "--lazy", folder], check=False)


def _processes(run: str) -> Iterator[int]:
    mark = f"{RUN}={run}".encode()
    for file in PROCESSES.glob("[0-9]*/environ"):
        # the process has ended, or belongs to another user
        with contextlib.suppress(OSError):
            if mark in file.read_bytes().split(b"\0"):
                yield int(file.parent.name)


if __name__ == "__main__":
    end(sys.argv[1])
