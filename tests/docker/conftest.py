"""What the tests of Docker share. Without a Docker Engine the run ends, and says what is missing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from config.settings import ROOT
from tests.docker.engine import find_missing


@pytest.fixture(scope="session", autouse=True)
def docker() -> None:
    if missing := find_missing():
        pytest.exit(f"These tests need {missing}", returncode=1)


@pytest.fixture(scope="session")
def checkout(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of this checkout as a clone with umask 077 has them: readable for their owner only."""
    folder = tmp_path_factory.mktemp("checkout")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.copy(ROOT / name, folder / name)
            (folder / name).chmod((folder / name).stat().st_mode & 0o700)
    return folder
