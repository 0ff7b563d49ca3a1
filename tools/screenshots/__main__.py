"""Take the pictures of docs/ from a demo of its own: `python -m tools.screenshots FOLDER [PICTURE …]`.

Pictures are taken in the order of their tables; some continue from the page of the one before.
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

DEMO_WITHIN_S = 600
# of a person's own pages, whole; of the others what the window shows
WHOLE = managers.PAGES | tasklist.ON_PHONE | patients.PAGES
WINDOW = tasklist.ON_DESKTOP | managers.COCKPIT


@contextmanager
def demo() -> Iterator[dict[str, Any]]:
    """A demo of its own, up: what its state.json says."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, environment_name("folder"): folder}
        process = subprocess.Popen([sys.executable, "-m", "stack", "demo"], cwd=ROOT, env=environment)
        try:
            yield wait_for_tour(process, Path(folder) / "state.json")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def wait_for_tour(process: subprocess.Popen[bytes], file: Path) -> dict[str, Any]:
    """The demo's state, once its cases are open."""
    deadline = time.monotonic() + DEMO_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline:
        state = json.loads(file.read_text()) if file.exists() else {}
        if "tour" in state:
            return state
        time.sleep(1)
    raise TimeoutError(f"the demo was not up within {DEMO_WITHIN_S} s")


def main(folder: Path, names: list[str]) -> int:
    """Take these pictures, or all; returns 1 if there is one whose page wasn't reached."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = []
    with demo() as state, launched() as browser:
        guide = Guide(browser, state)
        for name, reach in (WHOLE | WINDOW).items():
            if names and name not in names:
                continue
            try:
                reach(guide).screenshot(path=folder / f"{name}.png", full_page=name in WHOLE)
                print(name, flush=True)
            except (PlaywrightError, AssertionError, TimeoutError) as error:
                missing.append(f"{name}: {error}")
    print("\n".join(missing))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
