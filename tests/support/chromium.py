"""Chromium, controlled by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# for a busy machine
expect.set_options(timeout=60_000)

NARROW = {"width": 320, "height": 640}
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


def installed_chromium() -> str:
    """Path of the system's Chromium; chromium-headless-shell is preferred, because it needs a third less CPU."""
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert path, "Chromium is missing: `make tools` installs it, or names the package"
    return path


@contextmanager
def launch_chromium(*arguments: str) -> Iterator[Browser]:
    """Launch the system's Chromium, and close it at the end.

    Args:
        arguments: in addition to those that all tests need.
    """
    # Playwright's own Node.js needs libatomic, which minimal systems lack; the installed one doesn't
    if node := shutil.which("node"):
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", node)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed_chromium(), args=[*ARGUMENTS, *arguments])
        yield browser
        browser.close()
