"""Builds the toolkit's wheel from the repository's folder, as a user does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from config.settings import ROOT


def build_wheel(folder: Path) -> Path:
    """Build the wheel into a folder, from a copy of the sources, because setuptools writes files beside them."""
    source = folder / "source"
    shutil.copytree(ROOT / "camunda7", source, ignore=shutil.ignore_patterns("build", "__pycache__"))
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", str(folder), str(source))
    [wheel] = folder.glob("*.whl")
    return wheel


def pip(python: str, *arguments: str) -> None:
    command = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
