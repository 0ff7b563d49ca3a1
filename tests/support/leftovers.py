"""Ends what a test run leaves when it is killed: its processes and its mounts. Linux only."""

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

# names the run in the environment of all that it starts, and as the source of what it mounts
RUN = "TEST_RUN"
PROCESSES = Path("/proc")
MOUNTS = PROCESSES / "self" / "mounts"
# `read` fails at the end of the input, which comes without a line when the process at the other end was killed
WAIT = 'read -r line || exec "$@"'


@contextmanager
def ended_if_killed() -> Iterator[None]:
    """Have everything that this process starts end, even if it is killed and can't clean up itself."""
    # what an outer run ends doesn't include this one's watcher
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
    """Kill all processes of a run, also those that one of them starts just now, and unmount what it has mounted."""
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
        # has ended, or is another user's
        with contextlib.suppress(OSError):
            if mark in file.read_bytes().split(b"\0"):
                yield int(file.parent.name)


if __name__ == "__main__":
    end(sys.argv[1])
