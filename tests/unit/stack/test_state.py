import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.settings import ROOT
from stack import state

Left = Callable[[Path], subprocess.Popen]


@pytest.fixture
def left(tmp_path: Path) -> Iterator[Left]:
    """Starts what looks like a part of a platform, in a folder; state.json names it, and a supervisor that is gone."""
    processes = []

    def start(folder: Path) -> subprocess.Popen:
        command = [sys.executable, "-c", "input()", "gunicorn"]
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, start_new_session=True)
        processes.append(process)
        gone = subprocess.Popen([sys.executable, "-c", ""], cwd=folder)
        gone.wait()
        state.write({"supervisor": gone.pid, "processes": {"lab": process.pid}}, tmp_path / state.FILE)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_what_a_killed_supervisor_left_is_ended(left: Left, tmp_path: Path) -> None:
    process = left(ROOT)
    assert state.down(tmp_path / state.FILE) == "stopped parts of an earlier run: lab"
    assert process.wait(10) != 0


def test_a_process_of_another_checkout_is_left_alone(left: Left, tmp_path: Path) -> None:
    """Process ids are used again: after a restart of the machine another checkout's part may have this one."""
    process = left(tmp_path)
    assert state.down(tmp_path / state.FILE) == "the platform isn't running"
    os.kill(process.pid, 0)
