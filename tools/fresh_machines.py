"""Set up the project on minimal machines, and print the result and duration of each.

A machine is a root file system of Debian with a clone of HEAD, git, make, python3, python3-venv and ca-certificates.
`python3 tools/fresh_machines.py` runs `make demo EXIT=1` on Debian 12 and 13: as root, and as an ordinary user on a
machine with a JDK. Options choose other suites, users, packages and commands. Needs root, Linux and mmdebstrap.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".cache/fresh-machines"
PACKAGES = ("git", "make", "python3", "python3-venv", "ca-certificates")
USER = "newcomer"
# the bind mount makes the root folder a mount point, which `unshare --propagation` within it requires
MOUNT_AND_ENTER = """
mount --bind "$1" "$1" && cd "$1" || exit 125
mount -t proc proc "$1/proc" && mount -t sysfs sysfs "$1/sys" && mount --rbind /dev "$1/dev" || exit 125
exec chroot "$1" su --login "$2" -c "$3"
"""
# mounts and processes are removed when the command ends
ISOLATE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--")
# pip and npm ignore the system's certificate authorities by default
WITH_CA = {
    "PIP_CERT": "/etc/ssl/certs/ca-certificates.crt",
    "NODE_EXTRA_CA_CERTS": "/etc/ssl/certs/ca-certificates.crt",
}
PROXIES = ("http_proxy", "https_proxy", "no_proxy")
# number of lines of a failed command's log that are printed
TAIL = 15


@dataclass(frozen=True)
class Machine:
    """A machine: Debian's suite, the user, and packages in addition to PACKAGES."""

    suite: str
    user: str
    packages: tuple[str, ...]

    @property
    def name(self) -> str:
        return "-".join((self.suite, self.user, *self.packages))


@dataclass(frozen=True)
class Result:
    machine: Machine
    command: str
    status: int
    seconds: float
    log: Path

    def row(self) -> tuple[str, ...]:
        passed = "passed" if self.status == 0 else f"failed ({self.status})"
        extra = " ".join(self.machine.packages) or "–"
        return (self.machine.suite, self.machine.user, extra, self.command, passed, f"{self.seconds:.0f} s")


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--suite", action="append", help="a suite of Debian; default: bookworm and trixie")
    add("--user", action="append", choices=("root", USER), help="default: both")
    add("--package", action="append", default=[], help="an additional package")
    add(
        "--user-package",
        action="append",
        help="the same, for the ordinary user only; default: default-jdk-headless",
    )
    add("--run", action="append", help="a command to run in the checkout; default: make demo EXIT=1")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="an environment variable of the command")
    add("--checkout", default="coronacare", help="name of the checkout's folder; default: %(default)s")
    add("--ca", action="append", help="a certificate authority to trust; default: those of FRESH_CA, as a path list")
    add("--aptopt", action="append", default=[], help="an option of apt, as mmdebstrap takes it")
    add(
        "--folder",
        type=Path,
        default=FOLDER,
        help="folder of machines and logs; default: .cache/fresh-machines",
    )
    add("--timeout", type=float, default=3600, help="timeout of a command in seconds; default: %(default)s")
    add("--keep", action="store_true", help="don't delete the root file systems")
    arguments = parser.parse_args()
    arguments.ca = arguments.ca or [each for each in os.environ.get("FRESH_CA", "").split(os.pathsep) if each]
    return arguments


def machines(arguments: argparse.Namespace) -> list[Machine]:
    suites = arguments.suite or ["bookworm", "trixie"]
    own = {"root": [], USER: arguments.user_package or ["default-jdk-headless"]}
    pairs = itertools.product(suites, arguments.user or own)
    return [Machine(suite, user, tuple(arguments.package + own[user])) for suite, user in pairs]


def create_root(machine: Machine, arguments: argparse.Namespace) -> Path:
    """Create a root folder with the checkout; the archive made by mmdebstrap is reused in later runs."""
    archive = arguments.folder / f"{'-'.join((machine.suite, *machine.packages))}.tar"
    if not archive.exists():
        part = archive.with_suffix(".part.tar")
        include = ",".join((*PACKAGES, *machine.packages))
        options = [f"--aptopt={each}" for each in arguments.aptopt]
        run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={include}", *options, machine.suite, str(part))
        part.rename(archive)
    root = arguments.folder / machine.name
    remove(root)
    root.mkdir()
    run("tar", "--extract", "--file", str(archive), "--directory", str(root), "--exclude=./dev/*")
    for name in ("resolv.conf", "hosts"):
        (root / "etc" / name).unlink(missing_ok=True)
        shutil.copy(Path("/etc") / name, root / "etc" / name)
    if arguments.ca:
        for each in arguments.ca:
            shutil.copy(each, root / "usr/local/share/ca-certificates")
        # ca-certificates-java runs Java, which needs /proc
        run(*chroot_command(root, "root", "update-ca-certificates --fresh"))
    if machine.user != "root":
        run("chroot", str(root), "useradd", "--create-home", "--shell", "/bin/bash", machine.user)
    clone = home(machine) / arguments.checkout
    run("git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(root / clone.relative_to("/")))
    run("chroot", str(root), "chown", "--recursive", f"{machine.user}:", str(clone))
    return root


def home(machine: Machine) -> Path:
    return Path("/root" if machine.user == "root" else f"/home/{machine.user}")


def chroot_command(root: Path, user: str, command: str) -> list[str]:
    """Return the command that runs another one in a root folder, in a login shell of the user."""
    return [*ISOLATE, "sh", "-c", MOUNT_AND_ENTER, "sh", str(root), user, command]


def run(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def remove(root: Path) -> None:
    if root.exists():
        shutil.rmtree(root)


def run_in(root: Path, machine: Machine, command: str, arguments: argparse.Namespace) -> Result:
    """Run a command in the checkout of a machine."""
    variables = {name: os.environ[name] for name in PROXIES if name in os.environ}
    variables |= WITH_CA if arguments.ca else {}
    settings = shlex.join([*(f"{name}={value}" for name, value in variables.items()), *arguments.set])
    inside = f"cd {shlex.quote(str(home(machine) / arguments.checkout))} && exec env {settings} {command}"
    log = arguments.folder / (re.sub(r"[^\w=.-]+", "-", f"{machine.name} {command}") + ".log")
    started = time.monotonic()
    with log.open("w") as output:
        status = run_with_timeout(chroot_command(root, machine.user, inside), output, arguments.timeout)
    return Result(machine, command, status, time.monotonic() - started, log)


def run_with_timeout(command: list[str], output: IO[str], timeout: float) -> int:
    """Run a command; returns its exit status, or 124, as timeout(1) does, after the timeout."""
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, timeout=timeout, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return 124


def print_table(results: list[Result]) -> None:
    rows = [("suite", "user", "packages", "command", "result", "time"), *(each.row() for each in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def main() -> int:
    arguments = read_arguments()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    results = []
    for machine in machines(arguments):
        root = create_root(machine, arguments)
        for command in arguments.run or ["make demo EXIT=1"]:
            results.append(run_in(root, machine, command, arguments))
            print(*results[-1].row(), sep=" | ", flush=True)
            if results[-1].status:
                print(*results[-1].log.read_text().splitlines()[-TAIL:], sep="\n", flush=True)
        if not arguments.keep:
            remove(root)
    print_table(results)
    return int(any(each.status for each in results))


if __name__ == "__main__":
    sys.exit(main())
