"""tools/machine installs missing programs, or names them with the command that installs them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import ROOT

NEEDS = ("python", "jdk", "chromium", "prometheus")
# programs that the scripts call
SYSTEM = ("cat", "chmod", "dirname", "ls", "sed", "sh", "uname", "xargs", "echo")
# a package manager that records its calls and installs fake programs
PACKAGE_MANAGER = """
echo "$(basename "$0")" "$@" >> "$(dirname "$0")/calls"
case "$*" in *install*) ;; *) exit 0 ;; esac
cd "$(dirname "$0")"
for name in python3 java chromium prometheus promtool; do echo '#!/bin/sh' > $name && chmod +x $name; done
printf '#!/bin/sh\\necho javac 21.0.9' > javac && chmod +x javac
"""
# apt-cache with the packages of Debian 13
APT_CACHE = """case $2 in python3.13-venv | openjdk-2*-jdk-headless | chromium*) echo Package: "$2" ;; esac"""


@pytest.fixture
def programs(tmp_path: Path) -> Callable[..., Path]:
    """A function that creates a folder with `SYSTEM` and with the given programs, by their scripts."""

    def create(**scripts: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in (*SYSTEM, "basename"):
            (folder / name).symlink_to(shutil.which(name))
        for name, script in scripts.items():
            file = folder / name.replace("_", "-")
            file.write_text(f"#!/bin/sh\n{script}\n")
            file.chmod(0o755)
        return folder

    return create


def run_machine(programs: Path, *needs: str) -> subprocess.CompletedProcess[str]:
    command = [shutil.which("sh"), str(ROOT / "tools/machine"), *needs]
    return subprocess.run(command, env={"PATH": str(programs)}, capture_output=True, text=True, check=False)


def calls(programs: Path) -> list[str]:
    return (programs / "calls").read_text().splitlines()


def test_nothing_is_printed_if_all_programs_exist(programs: Callable[..., Path]) -> None:
    process = run_machine(programs(python3="", java="", javac="echo javac 17.0.15"), "python", "jdk")
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")


@pytest.mark.parametrize("version", ["11.0.28", "1.8.0_472"])
def test_an_old_jdk_is_missing(programs: Callable[..., Path], version: str) -> None:
    process = run_machine(programs(id="echo 1000", java="", javac=f"echo javac {version}"), "jdk")
    assert process.returncode == 1
    assert "a JDK, 17 or newer" in process.stderr


def test_a_jdk_version_without_a_minor_number_is_accepted(programs: Callable[..., Path]) -> None:
    assert run_machine(programs(java="", javac="echo javac 25"), "jdk").returncode == 0


@pytest.mark.parametrize("program", ["chromium", "chromium_headless_shell"])
def test_chromium_or_its_headless_shell_is_accepted(programs: Callable[..., Path], program: str) -> None:
    assert run_machine(programs(id="echo 1000", **{program: ""}), "chromium").returncode == 0


def test_for_root_all_packages_are_installed_by_one_command(programs: Callable[..., Path]) -> None:
    folder = programs(id="echo 0", apt_get=PACKAGE_MANAGER, apt_cache=APT_CACHE)
    process = run_machine(folder, *NEEDS)
    assert (process.returncode, process.stderr) == (0, "")
    update, install = calls(folder)
    assert update == "apt-get update -qq"
    assert install.endswith("python3.13-venv openjdk-21-jdk-headless chromium-headless-shell prometheus")


def test_for_root_on_fedora_packages_are_installed_by_dnf(programs: Callable[..., Path]) -> None:
    folder = programs(id="echo 0", dnf=PACKAGE_MANAGER)
    assert run_machine(folder, *NEEDS).returncode == 0
    assert calls(folder) == ["dnf install -y -q python3.12 java-21-openjdk-devel chromium /usr/bin/prometheus"]


@pytest.mark.parametrize(
    ("manager", "command"),
    [
        (
            "apt-get",
            "sudo apt-get update && sudo apt-get install python3-venv default-jdk-headless chromium prometheus",
        ),
        ("dnf", "sudo dnf install python3.12 java-21-openjdk-devel chromium /usr/bin/prometheus"),
        ("brew", "brew install python temurin@21 chromium prometheus"),
    ],
)
def test_other_users_get_one_message_with_the_command(
    programs: Callable[..., Path], manager: str, command: str
) -> None:
    process = run_machine(programs(id="echo 1000", **{manager: "exit 9"}, apt_cache="exit 1"), *NEEDS)
    assert (process.returncode, process.stdout) == (1, "")
    assert [line.strip() for line in process.stderr.splitlines()] == [
        "Missing on this machine:",
        "Python 3.11 or newer, with venv",
        "a JDK, 17 or newer",
        "Chromium",
        "Prometheus",
        "Install what is missing:",
        command,
    ]


def test_without_a_known_package_manager_only_the_names_are_printed(programs: Callable[..., Path]) -> None:
    process = run_machine(programs(id="echo 0"), "jdk", "chromium")
    assert process.returncode == 1
    assert process.stderr.splitlines() == ["Missing on this machine:", "    a JDK, 17 or newer", "    Chromium"]


def test_a_failed_installation_prints_the_missing_programs(programs: Callable[..., Path]) -> None:
    process = run_machine(programs(id="echo 0", apt_get="echo no network >&2; exit 100", apt_cache=""), "jdk")
    assert process.returncode == 1
    assert "no network" in process.stderr
    assert "a JDK, 17 or newer" in process.stderr
