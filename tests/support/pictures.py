"""Screenshots for docs/: taken by the tests where SCREENSHOTS names a folder (`make screenshots`)."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page

FOLDER = os.environ.get("SCREENSHOTS")


def picture(page: Page, name: str, whole: bool = True) -> None:
    """Take a picture of the page under this name."""
    if FOLDER:
        Path(FOLDER).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{FOLDER}/{name}.png", full_page=whole)
