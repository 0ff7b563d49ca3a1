"""Each target of the Makefile installs what it needs, and no more."""

from __future__ import annotations

import os
import re
import subprocess
from functools import cache

import pytest

from config.settings import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
# target, prerequisites, recipe
RULE = re.compile(r"^([a-z-]+):([^=\n]*)\n((?:\t[^\n]*\n)*)", re.MULTILINE)
RULES = {target: recipe for target, _, recipe in RULE.findall(MAKEFILE)}
RUN_TESTS = sorted(target for target, recipe in RULES.items() if "-m pytest" in recipe or "-m tests.run" in recipe)
TEST_PACKAGES = "--requirement requirements-test.txt"


@cache
def commands_of(target: str) -> list[str]:
    """The commands that make runs for a target on a machine where nothing is installed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "--dry-run", "--always-make", "PYTHON=python3", target]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()


def needs_of(target: str) -> list[str]:
    [check] = [line for line in commands_of(target) if line.startswith("tools/machine ")]
    return check.split()[1:]


def position(commands: list[str], text: str) -> int:
    return next(number for number, line in enumerate(commands) if text in line)


@pytest.mark.parametrize("target", RUN_TESTS)
def test_packages_of_the_tests_are_installed_before_they_run(target: str) -> None:
    commands = commands_of(target)
    runs = min(number for number, line in enumerate(commands) if "-m pytest" in line or "-m tests.run" in line)
    assert position(commands, TEST_PACKAGES) < runs


@pytest.mark.parametrize("target", ["setup", "demo", "up", "status", "lint"])
def test_packages_of_the_tests_are_not_installed_for_other_targets(target: str) -> None:
    commands = commands_of(target)
    assert not any(TEST_PACKAGES in line for line in commands)
    assert any("--requirement requirements.txt" in line for line in commands)


@pytest.mark.parametrize("target", ["test", "verify", "tools"])
def test_all_programs_of_the_tests_are_checked_at_once(target: str) -> None:
    programs = ["chromium", "postgresql", "haproxy", "prometheus", "nftables", "iproute2", "procps"]
    assert needs_of(target) == ["python", "jdk", *programs]


@pytest.mark.parametrize("target", ["setup", "demo", "up"])
def test_the_product_needs_python_and_a_jdk(target: str) -> None:
    assert needs_of(target) == ["python", "jdk"]


@pytest.mark.parametrize("target", sorted(RULES.keys() - {"help", "machine"}))
def test_a_target_that_builds_the_jar_checks_for_a_jdk(target: str) -> None:
    builds = any("tools/maven.py" in line for line in commands_of(target))
    assert "jdk" in needs_of(target) or not builds


def test_the_machine_is_checked_before_anything_is_installed() -> None:
    assert position(commands_of("demo"), "tools/machine") == 0
