"""What is missing on a machine is installed at once, or named at once with the command that installs it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import ROOT

NEEDS = ("python", "jdk", "chromium", "prometheus")
# what the scripts themselves use
SYSTEM = ("cat", "chmod", "dirname", "ls", "sed", "sh", "uname", "xargs", "echo")
# a package manager that notes how it was called, and brings what it was asked for
INSTALLS = """
echo "$(basename "$0")" "$@" >> "$(dirname "$0")/calls"
case "$*" in *install*) ;; *) exit 0 ;; esac
cd "$(dirname "$0")"
for name in python3 java chromium prometheus promtool; do echo '#!/bin/sh' > $name && chmod +x $name; done
printf '#!/bin/sh\\necho javac 21.0.9' > javac && chmod +x javac
"""
# the lists of Debian 13
LISTS = """case $2 in python3.13-venv | openjdk-2*-jdk-headless | chromium*) echo Package: "$2" ;; esac"""


@pytest.fixture
def programs(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder with what the scripts use, and with the programs that are named, by their script."""

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


def look_for(programs: Path, *needs: str) -> subprocess.CompletedProcess[str]:
    command = [shutil.which("sh"), str(ROOT / "tools/machine"), *needs]
    return subprocess.run(command, env={"PATH": str(programs)}, capture_output=True, text=True, check=False)


def calls(programs: Path) -> list[str]:
    return (programs / "calls").read_text().splitlines()


def test_nothing_is_said_where_everything_is_there(programs: Callable[..., Path]) -> None:
    done = look_for(programs(python3="", java="", javac="echo javac 17.0.15"), "python", "jdk")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("version", ["11.0.28", "1.8.0_472"])
def test_an_old_jdk_counts_as_none(programs: Callable[..., Path], version: str) -> None:
    done = look_for(programs(id="echo 1000", java="", javac=f"echo javac {version}"), "jdk")
    assert done.returncode == 1
    assert "a JDK, 17 or newer" in done.stderr


def test_a_jdk_of_a_new_major_version_alone(programs: Callable[..., Path]) -> None:
    assert look_for(programs(java="", javac="echo javac 25"), "jdk").returncode == 0


@pytest.mark.parametrize("program", ["chromium", "chromium_headless_shell"])
def test_either_chromium_will_do(programs: Callable[..., Path], program: str) -> None:
    assert look_for(programs(id="echo 1000", **{program: ""}), "chromium").returncode == 0


def test_root_gets_all_of_it_by_one_installation(programs: Callable[..., Path]) -> None:
    folder = programs(id="echo 0", apt_get=INSTALLS, apt_cache=LISTS)
    done = look_for(folder, *NEEDS)
    assert (done.returncode, done.stderr) == (0, "")
    update, install = calls(folder)
    assert update == "apt-get update -qq"
    assert install.endswith("python3.13-venv openjdk-21-jdk-headless chromium-headless-shell prometheus")


def test_root_of_the_fedora_family(programs: Callable[..., Path]) -> None:
    folder = programs(id="echo 0", dnf=INSTALLS)
    assert look_for(folder, *NEEDS).returncode == 0
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
def test_others_get_one_message_with_the_command(programs: Callable[..., Path], manager: str, command: str) -> None:
    done = look_for(programs(id="echo 1000", **{manager: "exit 9"}, apt_cache="exit 1"), *NEEDS)
    assert (done.returncode, done.stdout) == (1, "")
    assert [line.strip() for line in done.stderr.splitlines()] == [
        "Missing on this machine:",
        "Python 3.11 or newer, with venv",
        "a JDK, 17 or newer",
        "Chromium",
        "Prometheus",
        "Install what is missing:",
        command,
    ]


def test_on_another_system_the_names_are_all_there_is(programs: Callable[..., Path]) -> None:
    done = look_for(programs(id="echo 0"), "jdk", "chromium")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["Missing on this machine:", "    a JDK, 17 or newer", "    Chromium"]


def test_an_installation_that_fails_ends_with_the_message(programs: Callable[..., Path]) -> None:
    done = look_for(programs(id="echo 0", apt_get="echo no network >&2; exit 100", apt_cache=""), "jdk")
    assert done.returncode == 1
    assert "no network" in done.stderr
    assert "a JDK, 17 or newer" in done.stderr
