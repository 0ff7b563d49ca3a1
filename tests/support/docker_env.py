"""Runs tools/docker-env on a copy of the files that it reads, so that the checkout's own .env stays as it is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from config.settings import ROOT

FILES = ("tools/docker-env", "config/people.yaml")


def copy_files(folder: Path) -> None:
    """Copy what tools/docker-env reads to an empty folder."""
    for name in FILES:
        (folder / name).parent.mkdir()
        shutil.copy(ROOT / name, folder / name)


def write_environment(folder: Path, *arguments: str) -> tuple[dict[str, str], str]:
    """Run the copy of tools/docker-env; returns the variables of the folder's .env, and what was printed."""
    command = ["sh", str(folder / "tools/docker-env"), *arguments]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = (folder / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#")), output
