"""Programs that write or read a stream: tar, and those of PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import IO

from backup.errors import BackupError

NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


def require(program: str, package: str) -> None:
    """Check that a program is on the PATH.

    Raises:
        BackupError: it isn't.
    """
    if shutil.which(program) is None:
        raise BackupError(f"{program} is missing: install {package}, and put it on the PATH")


@contextmanager
def read_from(command: list[str], environment: Mapping[str, str] = NO_VARIABLES) -> Iterator[IO[bytes]]:
    """Run a program, and yield its standard output; its messages go to standard error.

    Raises:
        BackupError: at the end, the program has failed.
    """
    with subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE) as process:
        assert process.stdout
        yield process.stdout
    _check(command[0], process)


@contextmanager
def write_to(command: list[str]) -> Iterator[IO[bytes]]:
    """Run a program, and yield its standard input.

    Raises:
        BackupError: at the end, the program has failed.
    """
    # without a buffer, which would be written when the program has ended early
    with subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin
        with suppress(BrokenPipeError):
            yield process.stdin
    _check(command[0], process)


def _check(program: str, process: subprocess.Popen[bytes]) -> None:
    if process.returncode:
        raise BackupError(f"{program} failed (exit status {process.returncode}); see above")
