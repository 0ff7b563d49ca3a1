"""Screenshots, taken by the tests: those of docs/ where SCREENSHOTS names a folder (`make screenshots`), and of each
page that is inspected, on a phone and on a desktop, where PAGES names one (`make pages`).
"""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page

from tests.support.chromium import DESKTOP, PHONE

FOLDER = os.environ.get("SCREENSHOTS")
PAGES = os.environ.get("PAGES")


def picture(page: Page, name: str, whole: bool = True) -> None:
    """Take a picture of the page under this name."""
    if FOLDER:
        Path(FOLDER).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{FOLDER}/{name}.png", full_page=whole)


def pictures_of(page: Page, where: str) -> None:
    """Take pictures of an inspected page, as a phone and as a desktop show it."""
    if not PAGES:
        return
    before = page.viewport_size
    for device, size in (("phone", PHONE), ("desktop", DESKTOP)):
        folder = Path(PAGES) / device
        folder.mkdir(parents=True, exist_ok=True)
        page.set_viewport_size(size)
        page.screenshot(path=folder / f"{where}.png", full_page=True)
    page.set_viewport_size(before)
