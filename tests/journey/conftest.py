"""Pages of a person's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.support.chromium import PHONE


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page with cookies of its own: on a phone, without JavaScript, unless told otherwise."""
    contexts = []

    def open_page(viewport: dict[str, int] = PHONE, javascript: bool = False, locale: str = "en-US") -> Page:
        context = chromium.new_context(viewport=viewport, java_script_enabled=javascript, locale=locale)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
