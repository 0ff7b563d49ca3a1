"""Compare the cost of a positive case in two checkouts: `python -m bench.versions BEFORE [ROUNDS]`.

Both platforms are up, on a PostgreSQL server each; 60 s windows of tests/load/test_throughput.py alternate between
them, so that both meet the same machine. BEFORE is another checkout with that test, after its `make setup tools`.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

PARTS = ("engine", "database")


class Version:
    """A checkout's platform, in a process with its own Python environment."""

    def __init__(self, checkout: Path):
        command = [str(checkout / ".venv/bin/python"), str(Path(__file__).resolve()), "serve"]
        self._process = subprocess.Popen(
            command, cwd=checkout, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def measure(self) -> dict[str, Any]:
        """Measure one window; returns `per_minute`, and `cpu_s` per case by part."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("measure\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise RuntimeError(f"{self._process.args!r} ended")

    def close(self) -> None:
        """Stop the platform."""
        self._process.communicate()


def serve() -> None:
    """Start the current folder's platform, and measure a window for each line of standard input."""
    sys.path[0] = str(Path.cwd())
    from tests.faults.system import running_system
    from tests.load.test_throughput import Site
    from tests.support import platform
    from tests.support.postgresql import postgresql

    # the compilers of production
    platform.BRIEF_JVM.clear()
    with (
        tempfile.TemporaryDirectory() as folder,
        postgresql() as server,
        running_system(Path(folder), 1, False, **server.settings) as system,
        system.in_use(),
    ):
        site = Site(system, server)
        for _ in sys.stdin:
            print(json.dumps(asdict(site.measure(site.workers()))), flush=True)


def main(before: str, rounds: str = "4") -> None:
    """Print the figures of each window, the medians and their ratios."""
    versions = {"before": Version(Path(before)), "after": Version(Path.cwd())}
    figures: dict[str, list[dict[str, Any]]] = {name: [] for name in versions}
    try:
        for version in versions.values():
            version.measure()
        for _ in range(int(rounds)):
            for name, version in versions.items():
                figures[name].append(version.measure())
                print(name, _medians(figures[name][-1:]), flush=True)
    finally:
        for version in versions.values():
            version.close()
    before_all, after_all = (_medians(windows) for windows in figures.values())
    print(f"medians before: {before_all}")
    print(f"medians after:  {after_all}")
    print(f"ratios: { {name: round(value / before_all[name], 2) for name, value in after_all.items()} }")


def _medians(windows: list[dict[str, Any]]) -> dict[str, float]:
    """Cases per minute, and CPU milliseconds per case: of the engine, its database, both, and all parts."""

    def milliseconds(*parts: str) -> float:
        return round(1000 * statistics.median(sum(each["cpu_s"][part] for part in parts) for each in windows))

    by_part = {part: milliseconds(part) for part in PARTS}
    per_minute = round(statistics.median(each["per_minute"] for each in windows), 1)
    return {
        "cases per minute": per_minute,
        **by_part,
        "both": milliseconds(*PARTS),
        "all": milliseconds(*windows[0]["cpu_s"]),
    }


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["serve"] else main(*sys.argv[1:])
