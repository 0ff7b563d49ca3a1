import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.settings import ROOT
from stack import state

StartOrphan = Callable[[Path], subprocess.Popen]


@pytest.fixture
def start_orphan(tmp_path: Path) -> Iterator[StartOrphan]:
    """A function that starts a process like a part, and writes a state.json with it and a supervisor that has ended."""
    processes = []

    def start(folder: Path) -> subprocess.Popen:
        command = [sys.executable, "-c", "input()", "gunicorn"]
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, start_new_session=True)
        processes.append(process)
        supervisor = subprocess.Popen([sys.executable, "-c", ""], cwd=folder)
        supervisor.wait()
        state.write({"supervisor": supervisor.pid, "processes": {"lab": process.pid}}, tmp_path / state.FILE)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_parts_of_a_killed_supervisor_are_stopped(start_orphan: StartOrphan, tmp_path: Path) -> None:
    process = start_orphan(ROOT)
    assert state.down(tmp_path / state.FILE) == "stopped parts of an earlier run: lab"
    assert process.wait(10) != 0


def test_a_process_of_another_checkout_is_not_stopped(start_orphan: StartOrphan, tmp_path: Path) -> None:
    """Process ids are reused: after a reboot a part of another checkout may have the stored id."""
    process = start_orphan(tmp_path)
    assert state.down(tmp_path / state.FILE) == "the platform isn't running"
    os.kill(process.pid, 0)
