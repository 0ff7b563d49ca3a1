"""Screenshots of each inspected page, on a phone and on a desktop, where PAGES names a folder (`make pages`)."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page

from tests.support.chromium import DESKTOP, PHONE

PAGES = os.environ.get("PAGES")


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
