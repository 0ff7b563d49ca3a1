"""Take the pictures of docs/ in a demo that it starts: `python -m tools.screenshots FOLDER [PICTURE …]`.

Pictures are taken in the order of their tables; some continue on the page of the previous one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Error as PlaywrightError

from config.settings import ROOT, environment_name
from tests.support.chromium import launched
from tools.screenshots import managers, patients, tasklist
from tools.screenshots.guide import Guide

DEMO_TIMEOUT_S = 600
# pictures of the full page, and of the window only
FULL_PAGE = managers.PAGES | tasklist.ON_PHONE | patients.PAGES
WINDOW = tasklist.ON_DESKTOP | managers.COCKPIT


@contextmanager
def demo() -> Iterator[dict[str, Any]]:
    """Start a demo, and stop it afterwards; yields the content of its state.json."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, environment_name("folder"): folder}
        process = subprocess.Popen([sys.executable, "-m", "stack", "demo"], cwd=ROOT, env=environment)
        try:
            yield wait_for_tour(process, Path(folder) / "state.json")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def wait_for_tour(process: subprocess.Popen[bytes], file: Path) -> dict[str, Any]:
    """Wait until the demo's cases are open; returns the content of its state.json."""
    deadline = time.monotonic() + DEMO_TIMEOUT_S
    while process.poll() is None and time.monotonic() < deadline:
        state = json.loads(file.read_text()) if file.exists() else {}
        if "tour" in state:
            return state
        time.sleep(1)
    raise TimeoutError(f"the demo was not ready within {DEMO_TIMEOUT_S} s")


def main(folder: Path, names: list[str]) -> int:
    """Take these pictures, or all; returns 1 if a page couldn't be opened."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = []
    with demo() as state, launched() as browser:
        guide = Guide(browser, state)
        for name, reach in (FULL_PAGE | WINDOW).items():
            if names and name not in names:
                continue
            try:
                reach(guide).screenshot(path=folder / f"{name}.png", full_page=name in FULL_PAGE)
                print(name, flush=True)
            except (PlaywrightError, AssertionError, TimeoutError) as error:
                missing.append(f"{name}: {error}")
    print("\n".join(missing))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
