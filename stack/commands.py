"""Running commands of other packages."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from types import MappingProxyType

from stack.supervisor import PartFailed


def run_command(name: str, command: list[str], environment: Mapping[str, str] = MappingProxyType({})) -> str:
    """Run a command, and return its standard output.

    Args:
        name: prefix of the error message.
        environment: variables in addition to our own.

    Raises:
        PartFailed: the command failed; the message has its standard error.
    """
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONUTF8": "1", **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise PartFailed(f"{name}: {done.stderr.strip()}")
    return done.stdout.strip()
