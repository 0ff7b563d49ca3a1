"""Screenshots of inspected pages on a phone and a desktop, if the variable PAGES names a folder (`make pages`)."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page

from tests.support.chromium import DESKTOP, PHONE

PAGES = os.environ.get("PAGES")


def take_screenshots(page: Page, where: str) -> None:
    """Save screenshots of the page with the viewports of a phone and a desktop."""
    if not PAGES:
        return
    before = page.viewport_size
    for device, size in (("phone", PHONE), ("desktop", DESKTOP)):
        folder = Path(PAGES) / device
        folder.mkdir(parents=True, exist_ok=True)
        page.set_viewport_size(size)
        page.screenshot(path=folder / f"{where}.png", full_page=True)
    page.set_viewport_size(before)
