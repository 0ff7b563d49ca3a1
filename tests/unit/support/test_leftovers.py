"""A killed test run leaves no process and no mount."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import ROOT
from tests.support.case import eventually
from tests.support.leftovers import MOUNTS
from tests.support.own_platform import is_running

PROCESS = """
import subprocess, sys, time
from tests.support.leftovers import cleanup_if_killed
with cleanup_if_killed():
    print(subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL, start_new_session=True).pid, flush=True)
    sys.stdin.read()
"""
MOUNT = """
import sys
from pathlib import Path
from tests.support.disk import disk_at
from tests.support.leftovers import cleanup_if_killed
with cleanup_if_killed(), disk_at(Path(sys.argv[1]), 1 << 20):
    print("mounted", flush=True)
    sys.stdin.read()
"""


def run(script: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_killed_run_leaves_no_process() -> None:
    with run(PROCESS) as killed:
        pid = int(killed.stdout.readline())
        killed.kill()
    eventually(lambda: not is_running(pid), "a process is left", within_s=30)


def test_a_run_that_ends_normally_stops_its_processes_itself() -> None:
    with run(PROCESS) as ending:
        pid = int(ending.stdout.readline())
        ending.communicate(timeout=30)
    assert ending.returncode == 0
    assert is_running(pid)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(os.getuid() != 0, reason="without root a mount is in a namespace, which ends with its process")
def test_a_killed_run_leaves_no_mount(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with run(MOUNT, str(disk)) as killed:
        killed.stdout.readline()
        assert str(disk) in MOUNTS.read_text()
        killed.kill()
    eventually(lambda: str(disk) not in MOUNTS.read_text(), "a mount is left", within_s=30)
