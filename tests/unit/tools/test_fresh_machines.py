"""The machines that the tool tests, and the table that it prints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools import fresh_machines
from tools.fresh_machines import Machine, Result


def arguments_of(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["fresh_machines.py", *arguments])
    return fresh_machines.read_arguments()


def test_by_default_two_suites_are_tested_as_root_and_as_a_user_with_a_jdk(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fresh_machines.machines(arguments_of(monkeypatch)) == [
        Machine("bookworm", "root", ()),
        Machine("bookworm", "newcomer", ("default-jdk-headless",)),
        Machine("trixie", "root", ()),
        Machine("trixie", "newcomer", ("default-jdk-headless",)),
    ]


def test_options_select_a_suite_a_user_and_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("--suite", "forky", "--user", "newcomer", "--package", "curl", "--user-package", "openjdk-25-jdk")
    machines = fresh_machines.machines(arguments_of(monkeypatch, *options))
    assert machines == [Machine("forky", "newcomer", ("curl", "openjdk-25-jdk"))]


def test_certificate_authorities_come_from_the_environment_or_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRESH_CA", "/a.crt:/b.crt")
    assert arguments_of(monkeypatch).ca == ["/a.crt", "/b.crt"]
    assert arguments_of(monkeypatch, "--ca", "/c.crt").ca == ["/c.crt"]


def test_a_command_is_killed_after_its_timeout(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log:
        assert fresh_machines.run_with_timeout(["sleep", "60"], log, 0.1) == 124
        assert fresh_machines.run_with_timeout(["false"], log, 60) == 1


def test_the_table_shows_passed_and_failed_commands(capsys: pytest.CaptureFixture[str]) -> None:
    machine = Machine("trixie", "root", ())
    results = [Result(machine, "make demo EXIT=1", 0, 236.7, Path("log")), Result(machine, "make", 2, 1, Path("log"))]
    fresh_machines.print_table(results)
    _, passed, failed = capsys.readouterr().out.splitlines()
    assert passed.split() == ["trixie", "root", "–", "make", "demo", "EXIT=1", "passed", "237", "s"]
    assert failed.split() == ["trixie", "root", "–", "make", "failed", "(2)", "1", "s"]


def test_help_needs_no_root() -> None:
    command = [sys.executable, fresh_machines.__file__, "--help"]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--suite" in process.stdout
