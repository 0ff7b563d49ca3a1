"""The platform in a hostile environment (tests/support/hostile.py); docs/reference/environments.md lists more."""

from __future__ import annotations

import contextlib
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.settings import ROOT
from stack.demo import Demo
from tests.support.case import CaseUnderTest
from tests.support.platform import isolated_environment
from tests.support.recording_proxy import RecordingProxy

pytestmark = pytest.mark.engine
WITHOUT_IPV4 = "ip link set lo up && ip address delete 127.0.0.1/8 dev lo && exec "
DATABASES = {"engine.mv.db", "government.db", "lab.db", "records.db", "sms.db"}


@pytest.fixture
def folder(own: dict[str, Any], environment: dict[str, str]) -> Path:
    """The folder of the run."""
    return Path(environment["CORONACARE_FOLDER"])


def run_stack(command: str, environment: dict[str, str]) -> str:
    """Run a command of `python -m stack`; returns what it prints."""
    arguments = [sys.executable, "-m", "stack", command]
    done = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, check=False, timeout=60)
    assert done.stderr == b""
    return done.stdout.decode("utf-8")


def test_parts_call_each_other_directly_despite_proxy_variables(
    own: dict[str, Any], environment: dict[str, str], proxy: RecordingProxy
) -> None:
    CaseUnderTest(own).reach_report("positive")
    assert "no change since" in run_stack("deploy", environment)
    assert "doesn't answer" not in run_stack("status", environment)
    assert proxy.requests == []


def test_without_a_locale_tables_are_drawn_in_utf8(own: dict[str, Any], environment: dict[str, str]) -> None:
    assert "┃ Part" in run_stack("status", environment)


def test_files_can_be_read_by_their_owner_only(own: dict[str, Any], folder: Path) -> None:
    CaseUnderTest(own).reach_visit()
    modes = {}
    for path in [folder, *folder.rglob("*")]:
        # SQLite deletes a database's journal with the last connection
        with contextlib.suppress(FileNotFoundError):
            modes[path.relative_to(folder).as_posix()] = stat.S_IMODE(path.stat().st_mode)
    assert {"secrets.json", "state.json", "log/engine.log", "data/records.db", "data/engine.mv.db"} <= modes.keys()
    assert any(name.startswith("data/mail/new/") for name in modes)
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


def test_data_is_in_the_folder_of_exactly_this_name(folder: Path) -> None:
    """Not in another folder, with %41 decoded or letters replaced."""
    assert {path.name for path in (folder / "data").glob("*.db")} == DATABASES
    assert list(folder.parent.parent.iterdir()) == [folder.parent]


@pytest.mark.verify
@pytest.mark.own_platform
def test_a_case_is_completed_on_a_machine_without_ipv4(tmp_path: Path) -> None:
    pilot = yaml.safe_load(Demo.PILOT.read_text())
    pilot |= {"patients": pilot["patients"][:1], "expected": {"closed": 1}}
    (tmp_path / "pilot.yaml").write_text(yaml.safe_dump(pilot))
    environment = isolated_environment(tmp_path / "run") | {"EXIT": "1", "PILOT": str(tmp_path / "pilot.yaml")}
    demo = WITHOUT_IPV4 + shlex.join([sys.executable, "-m", "stack", "demo"])
    command = ["unshare", "--net", "sh", "-c", demo]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "127.0.0.1 can't be used on this machine: ::1 is used instead"
    assert any("engine" in line and line.endswith(f"http://[::1]:{_port(environment, 'ENGINE')}") for line in lines)


def _port(environment: dict[str, str], part: str) -> str:
    return environment[f"CORONACARE_{part}__URL"].rpartition(":")[2]
