"""Run the test sessions on one shared platform: `python -m tests.run` (make test), `python -m tests.run verify`.

A failed session doesn't keep the others from running. The exit status is that of the first that failed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from processes.engine import Engine
from tests.support import accounts
from tests.support.coverage import record_coverage
from tests.support.leftovers import cleanup_if_killed
from tests.support.platform import SHARED, shared_platform
from tests.support.tier import VERIFY

PYTEST = (sys.executable, "-m", "pytest")
NOTHING_COLLECTED = 5
TERMINATED = 143
# of `make verify`, several times those of setup.cfg: a busy machine is slow, and a test that hangs still ends
VERIFY_LIMITS = ("--timeout", "1800", "--session-timeout", "14400")
FOLDERS = ("schema", "workers", "process", "staff", "journey", "oracle", "fuzz", "stack", "faults", "toolkit")


@dataclass(frozen=True)
class Session:
    """One call of pytest.

    Attributes:
        marked: the expression of markers that selects its tests.
        arguments: how they are distributed.
        folders: of tests/.
    """

    name: str
    marked: str
    arguments: tuple[str, ...]
    folders: tuple[str, ...] = FOLDERS


# four processes on two cores: with six it takes longer
SHARING = Session("shared", "not serial and not own_platform", ("-n", "4", "--dist", "worksteal"))
# tests that need the shared platform for themselves
SERIAL = Session("serial", "serial and not own_platform", ())
# those that `make check` leaves out; they need no platform
SLOW = Session(
    "slow unit tests",
    "slow or verify",
    ("-n", "2", "--dist", "worksteal", "-p", "no:schemathesis"),
    ("unit", "contract"),
)
# on a platform with an OpenID provider, which is in the process of the tests
BY_PROVIDER = Session("sign-in at a provider", "by_provider", ())
# all tests of one platform in one process (tests/conftest.py)
OWN = Session("own platforms", "own_platform", ("-n", "2", "--dist", "loadscope"))


def main(arguments: list[str]) -> int:
    """Run all sessions; returns the exit status.

    Args:
        arguments: `verify` for all tests, nothing for those of `make test`.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    took: dict[str, float] = {}
    with cleanup_if_killed(), tempfile.TemporaryDirectory(prefix="coronacare-tests-") as folder:
        run = _run_all_tests if arguments == ["verify"] else _run_main_tests
        statuses = list(run(Path(folder), took))
    print("\nwhere the time went:")
    for part, seconds in took.items():
        print(f"  {part:<28} {seconds:6.0f} s")
    return next((status for status in statuses if status), 0)


def _run_main_tests(folder: Path, took: dict[str, float]) -> Iterator[int]:
    # tests that stop and start parts mostly wait, so they run beside all others
    with _beside(OWN, folder / "own-platforms.log") as own:
        yield from _one_after_another([SLOW], took)
        yield from _on_shared_platform(folder, took)
        with _timed(f"{OWN.name}, after the others", took):
            yield own.wait()


def _run_all_tests(folder: Path, took: dict[str, float]) -> Iterator[int]:
    os.environ[VERIFY] = "1"
    yield from _one_after_another([SLOW], took)
    yield from _on_shared_platform(folder, took)
    os.environ[accounts.BY_PROVIDER] = "1"
    yield from _one_after_another([BY_PROVIDER], took)
    del os.environ[accounts.BY_PROVIDER]
    # without the shared platform: they have up to four engines at once
    yield from _one_after_another([OWN], took)
    # alone on the machine: it measures throughput
    with _timed("load", took):
        yield _pytest(*VERIFY_LIMITS, "tests/load")


def _on_shared_platform(folder: Path, took: dict[str, float]) -> Iterator[int]:
    began = time.monotonic()
    with shared_platform(folder) as platform:
        took["start of the platform"] = time.monotonic() - began
        os.environ[SHARED] = str(folder)
        yield from _one_after_another((SHARING, SERIAL), took)
        admin = platform.state["accounts"]["admin"]
        record_coverage(Engine(platform.state["engine"], **admin))
    del os.environ[SHARED]
    yield _pytest("tests/coverage")


def _one_after_another(sessions: Iterable[Session], took: dict[str, float]) -> Iterator[int]:
    for session in sessions:
        with _timed(session.name, took):
            yield _pytest(*_arguments(session))


@contextmanager
def _beside(session: Session, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a session beside what runs within; what it prints is printed at the end."""
    with log.open("wb") as output:
        process = subprocess.Popen([*PYTEST, *_arguments(session)], stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.terminate()
            process.wait()
            print(log.read_text(errors="replace"), flush=True)


def _arguments(session: Session) -> list[str]:
    verify = VERIFY in os.environ
    marked = f"({session.marked})" + ("" if verify else " and not verify")
    limits = VERIFY_LIMITS if verify else ()
    folders = [f"tests/{name}" for name in session.folders]
    return ["-m", marked, "--durations=30", *limits, *session.arguments, *folders]


@contextmanager
def _timed(part: str, took: dict[str, float]) -> Iterator[None]:
    began = time.monotonic()
    yield
    took[part] = time.monotonic() - began


def _pytest(*arguments: str) -> int:
    status = subprocess.run([*PYTEST, *arguments], check=False).returncode
    return 0 if status == NOTHING_COLLECTED else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
