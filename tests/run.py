"""Run the test sessions on one shared platform: `python -m tests.run` (make test), `python -m tests.run verify`.

Sessions run one after another; a failed one doesn't keep the next from running. The exit status is that of the first
that failed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from processes.engine import Engine
from tests.support.coverage import record_coverage
from tests.support.platform import SHARED, shared_platform
from tests.support.tier import VERIFY

NOTHING_COLLECTED = 5
TERMINATED = 143
FOLDERS = ("workers", "process", "staff", "journey", "oracle", "fuzz", "stack", "faults")


@dataclass(frozen=True)
class Session:
    """One call of pytest.

    Attributes:
        marked: the expression of markers that selects its tests.
        arguments: how they are distributed.
    """

    name: str
    marked: str
    arguments: tuple[str, ...]


# four processes on two cores: with six it takes longer
SHARING = Session("shared", "not serial and not own_platform", ("-n", "4", "--dist", "worksteal"))
# two at a time: one test that needs the shared platform for itself beside one with a platform of its own
APART = Session("apart", "serial or own_platform", ("-n", "2", "--dist", "loadscope"))


def main(arguments: list[str]) -> int:
    """Run all sessions; returns the exit status.

    Args:
        arguments: `verify` for all tests, nothing for those of `make test`.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    if verify := arguments == ["verify"]:
        os.environ[VERIFY] = "1"
    took: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="coronacare-tests-") as folder:
        statuses = list(_on_shared_platform(Path(folder), verify, took))
    if verify:
        # alone on the machine: it measures throughput
        with _timed("load", took):
            statuses.append(_pytest("-m", "verify", "tests/unit", "tests/contract"))
            statuses.append(_pytest("tests/load"))
    print("\nwhere the time went:")
    for part, seconds in took.items():
        print(f"  {part:<28} {seconds:6.0f} s")
    return next((status for status in statuses if status), 0)


def _on_shared_platform(folder: Path, verify: bool, took: dict[str, float]) -> Iterator[int]:
    began = time.monotonic()
    with shared_platform(folder) as platform:
        took["start of the platform"] = time.monotonic() - began
        os.environ[SHARED] = str(folder)
        for session in (SHARING, APART):
            marked = f"({session.marked})" + ("" if verify else " and not verify")
            with _timed(session.name, took):
                yield _pytest(
                    "-m", marked, "--durations=30", *session.arguments, *(f"tests/{name}" for name in FOLDERS)
                )
        admin = platform.state["accounts"]["admin"]
        record_coverage(Engine(platform.state["engine"], **admin))
    yield _pytest("tests/coverage")


@contextmanager
def _timed(part: str, took: dict[str, float]) -> Iterator[None]:
    began = time.monotonic()
    yield
    took[part] = time.monotonic() - began


def _pytest(*arguments: str) -> int:
    status = subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode
    return 0 if status == NOTHING_COLLECTED else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
