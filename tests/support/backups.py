"""Runs `python -m backup`, and starts a PostgreSQL server on what it restored."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from backup.encryption import create_key
from config.settings import ROOT, environment_name
from tests.support.postgresql import Server, program_folder


@dataclass
class Backups:
    """A folder of backups of a PostgreSQL server, or, without its URL, of files.

    Attributes:
        more: further environment variables of the commands.
    """

    folder: Path
    url: str = ""
    more: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.private_key, self._public_key = create_key()

    @property
    def erased_cases(self) -> Path:
        return self.folder.with_name("erased.txt")

    def create(self) -> Path:
        """Write a backup; returns its file."""
        self.run("create")
        return max(self.folder.glob("*.age"))

    def restore(self, file: Path, data: Path, *words: str, check: bool = True) -> str:
        return self.run("restore", str(file), *words, check=check, data=data)

    def run(self, *arguments: str, check: bool = True, data: Path | None = None) -> str:
        """Run the command with the private key as standard input; returns what it printed."""
        settings = {
            "database_url": self.url,
            "folder": str(self.folder),
            "recipient": self._public_key,
            "erased_cases": str(self.erased_cases),
            **({"data": str(data)} if data else {}),
        }
        environment = {environment_name("backup", name): value for name, value in settings.items()}
        path = f"{program_folder()}:{os.environ['PATH']}"
        done = subprocess.run(
            [sys.executable, "-m", "backup", *arguments],
            cwd=ROOT,
            env={**os.environ, **self.more, **environment, "PATH": path},
            input=self.private_key,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout
        assert check or done.returncode == 1, done.stdout
        return done.stdout


@contextmanager
def restored_server(data: Path) -> Iterator[Server]:
    """Start a server on a restored data directory, on another port, and stop it at the end."""
    if os.getuid() == 0:
        # the server refuses to run as root
        for path in (data, *data.rglob("*")):
            shutil.chown(path, "postgres", "postgres")
    server = Server(data)
    server.start()
    try:
        yield server
    finally:
        server.stop()
