"""Each target sets up what it needs, and no more."""

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
    """What make would run for a target on a machine where nothing is set up."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "--dry-run", "--always-make", "PYTHON=python3", target]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()


def needs_of(target: str) -> list[str]:
    [looking] = [line for line in commands_of(target) if line.startswith("tools/machine ")]
    return looking.split()[1:]


def position(commands: list[str], text: str) -> int:
    return next(number for number, line in enumerate(commands) if text in line)


@pytest.mark.parametrize("target", RUN_TESTS)
def test_packages_of_the_tests_are_there_before_they_run(target: str) -> None:
    commands = commands_of(target)
    runs = min(number for number, line in enumerate(commands) if "-m pytest" in line or "-m tests.run" in line)
    assert position(commands, TEST_PACKAGES) < runs


@pytest.mark.parametrize("target", ["setup", "demo", "up", "status", "lint"])
def test_what_only_tests_use_is_not_installed_for_others(target: str) -> None:
    commands = commands_of(target)
    assert not any(TEST_PACKAGES in line for line in commands)
    assert any("--requirement requirements.txt" in line for line in commands)


@pytest.mark.parametrize("target", ["test", "verify", "tools"])
def test_everything_is_looked_for_at_once_for_tests(target: str) -> None:
    programs = ["chromium", "postgresql", "haproxy", "prometheus", "nftables", "iproute2", "procps"]
    assert needs_of(target) == ["python", "jdk", *programs]


@pytest.mark.parametrize("target", ["setup", "demo", "up"])
def test_the_product_needs_python_and_a_jdk(target: str) -> None:
    assert needs_of(target) == ["python", "jdk"]


@pytest.mark.parametrize("target", sorted(RULES.keys() - {"help", "machine"}))
def test_the_jar_is_built_only_where_a_jdk_was_looked_for(target: str) -> None:
    builds = any("tools/maven.py" in line for line in commands_of(target))
    assert "jdk" in needs_of(target) or not builds


def test_the_machine_is_looked_at_before_anything_is_set_up() -> None:
    assert position(commands_of("demo"), "tools/machine") == 0
